import pytest

from search_spaces.transfer.auto import Auto
from search_spaces.transfer.feature_extractor import FeatureExtractor
from search_spaces.transfer.freeze_early import FreezeEarly
from search_spaces.transfer.full import Full
from search_spaces.transfer.gradual_unfreeze import GradualUnfreeze
from search_spaces.transfer.scratch import Scratch


def opened(strategy, blocks, epochs):
    return [strategy.opened(blocks, epoch, epochs) for epoch in range(epochs)]


def test_a_feature_extractor_trains_the_head_alone():
    assert opened(FeatureExtractor(), blocks=5, epochs=4) == [1, 1, 1, 1]


@pytest.mark.parametrize(("share", "blocks", "trained"), [(0.5, 5, 3), (0.2, 5, 1), (0.9, 5, 5), (0.5, 1, 1)])
def test_freezing_early_trains_a_share_of_the_layers_rounded_up(share, blocks, trained):
    assert opened(FreezeEarly(share=share), blocks, epochs=2) == [trained, trained]


def test_unfreezing_begins_with_the_head_and_has_all_layers_after_its_share_of_the_epochs():
    # 4 more layers over 0.5 * 8 = 4 epochs: one an epoch
    assert opened(GradualUnfreeze(until=0.5), blocks=5, epochs=8) == [1, 2, 3, 4, 5, 5, 5, 5]


def test_many_layers_join_evenly_in_few_epochs():
    # 10 more layers over 2 epochs: 5 an epoch
    assert opened(GradualUnfreeze(until=0.5), blocks=11, epochs=4) == [1, 6, 11, 11]


def test_a_single_epoch_trains_the_head_alone_before_unfreezing():
    assert opened(GradualUnfreeze(), blocks=5, epochs=1) == [1]


def test_rates_fall_evenly_on_a_logarithmic_scale_from_the_head_to_the_first_layer():
    # Howard and Ruder's own: four groups, each with the rate of the next divided by 2.6
    strategy = Full(lowest=2.6**-3)
    assert [strategy.rate(block, 4) for block in range(4)] == pytest.approx([1, 1 / 2.6, 1 / 2.6**2, 1 / 2.6**3])


def test_a_network_that_is_all_head_is_trained_at_the_full_rate():
    assert Full(lowest=0.1).rate(0, 1) == 1.0


@pytest.mark.parametrize("strategy", [Full(), Scratch(), Auto()])
def test_what_freezes_nothing_trains_all_from_the_first_epoch_on(strategy):
    assert opened(strategy, blocks=5, epochs=2) == [5, 5]


def test_only_training_from_scratch_does_without_the_parents_weights():
    kinds = (FeatureExtractor, FreezeEarly, Full, GradualUnfreeze, Auto)
    assert all(kind.inherits for kind in kinds)
    assert not Scratch.inherits
