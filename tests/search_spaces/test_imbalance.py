"""Class weights and oversampling, worked out by hand."""

import pytest
import torch

from search_spaces.imbalance import class_weights, oversampled

LABELS = torch.tensor([0, 1, 1, 1, 2, 2, 1, 1])


def test_a_class_weighs_all_samples_over_outputs_times_its_own():
    # 8 samples, 3 classes of 1, 5 and 2: 8/3, 8/15, 8/6.
    assert class_weights(LABELS, 3).tolist() == pytest.approx([8 / 3, 8 / 15, 8 / 6])


def test_weights_of_even_classes_are_one():
    assert class_weights(torch.tensor([1, 0, 1, 0]), 2).tolist() == [1, 1]


def test_a_class_without_samples_weighs_one():
    assert class_weights(torch.tensor([0, 0]), 2).tolist() == pytest.approx([0.5, 1])


def test_a_label_weighs_its_zeros_over_its_ones():
    y = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0]])

    assert class_weights(y, 2).tolist() == [3, 1]


def test_oversampling_makes_every_class_as_frequent_as_the_largest():
    chosen = oversampled(LABELS, seed=0)

    assert LABELS[chosen].bincount().tolist() == [5, 5, 5]


def test_oversampling_leaves_no_sample_out_and_repeats_those_of_a_class_evenly():
    times = oversampled(LABELS, seed=0).bincount(minlength=8).tolist()

    assert [times[i] for i in (1, 2, 3, 6, 7)] == [1] * 5  # the largest class
    assert sorted(times[i] for i in (4, 5)) == [2, 3]  # 2 samples for 5 places


def test_oversampling_follows_its_seed():
    y = torch.tensor([0] * 50 + [1] * 30)

    assert oversampled(y, 3).equal(oversampled(y, 3))
    assert not oversampled(y, 3).equal(oversampled(y, 4))


def test_several_targets_cannot_be_oversampled():
    with pytest.raises(ValueError, match="only samples with one label each can be oversampled"):
        oversampled(torch.ones(4, 2), seed=0)
