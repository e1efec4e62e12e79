"""Losses against a few lines of plain torch, and numbers worked out by hand."""

import math
from typing import get_args

import pytest
import torch
from torch.nn import functional as F

from search_spaces import plugins
from search_spaces.data import Task
from search_spaces.imbalance import class_weights
from search_spaces.losses.binary_cross_entropy import BinaryCrossEntropy
from search_spaces.losses.cross_entropy import CrossEntropy
from search_spaces.losses.focal import Focal
from search_spaces.losses.huber import Huber
from search_spaces.losses.mae import Mae
from search_spaces.losses.mse import Mse

LABELS = torch.tensor([0, 2, 1, 0, 2, 2])
MANY = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])


def outputs(rows, seed=0):
    return torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed)) * 3


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_focal_loss_is_what_the_paper_says(gamma):
    given = outputs(6)
    p = given.softmax(1)[torch.arange(6), LABELS]
    expected = (-((1 - p) ** gamma) * p.log()).mean()

    assert Focal(gamma=gamma).build()(given, LABELS).item() == pytest.approx(expected.item(), abs=1e-6)


def test_focal_loss_of_several_labels_takes_each_output_by_itself():
    given = outputs(4)
    p = torch.where(MANY == 1, given.sigmoid(), 1 - given.sigmoid())
    expected = (-((1 - p) ** 2) * p.log()).mean()

    assert Focal().build()(given, MANY).item() == pytest.approx(expected.item(), abs=1e-6)


def test_focal_loss_by_hand():
    # Two equal outputs: p = 1/2, so (1/2)^2 * ln 2.
    assert Focal().build()(torch.zeros(1, 2), torch.tensor([1])).item() == pytest.approx(math.log(2) / 4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_has_a_gradient_where_the_network_is_perfectly_sure(gamma):
    given = torch.tensor([[200.0, -200.0]], requires_grad=True)

    Focal(gamma=gamma).build()(given, torch.tensor([0])).backward()

    assert given.grad.abs().max() == 0


def test_focal_loss_without_focus_is_weighted_cross_entropy():
    weights = torch.tensor([0.5, 2.0, 1.0])

    focal = Focal(gamma=0.0, class_weights="balanced").build(weights)(outputs(6), LABELS)

    assert focal.item() == pytest.approx(F.cross_entropy(outputs(6), LABELS, weight=weights).item(), abs=1e-6)


def test_balanced_focal_loss_weighs_the_ones_of_each_label():
    weights = torch.tensor([2.0, 3.0, 1.0])

    focal = Focal(gamma=0.0, class_weights="balanced").build(weights)(outputs(4), MANY)

    expected = F.binary_cross_entropy_with_logits(outputs(4), MANY, pos_weight=weights)
    assert focal.item() == pytest.approx(expected.item(), abs=1e-6)


def test_balanced_cross_entropy_by_hand():
    # One sample of class 0 and three of class 1 weigh 4/(2*1) = 2 and 4/(2*3) = 2/3: both classes count the same.
    labels = torch.tensor([0, 1, 1, 1])
    given = torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    surprise = [math.log(2), math.log(1 + math.exp(-1))]

    loss = CrossEntropy(class_weights="balanced").build(class_weights(labels, 2))

    assert loss(given, labels).item() == pytest.approx(sum(surprise) / 2)


def test_cross_entropy_makes_no_use_of_weights_that_are_switched_off():
    loss = CrossEntropy().build(torch.tensor([9.0, 1.0, 1.0]))

    assert loss(outputs(6), LABELS).item() == pytest.approx(F.cross_entropy(outputs(6), LABELS).item())


@pytest.mark.parametrize("kind", [CrossEntropy, Focal, BinaryCrossEntropy])
def test_balanced_weights_must_be_given(kind):
    with pytest.raises(ValueError, match=r"class_weights: balanced needs the weights of the training part, got none"):
        kind(class_weights="balanced").build()


def test_binary_cross_entropy_of_several_labels_is_torchs():
    expected = F.binary_cross_entropy_with_logits(outputs(4), MANY)

    assert BinaryCrossEntropy().build()(outputs(4), MANY).item() == pytest.approx(expected.item())


def test_binary_cross_entropy_of_one_label_takes_it_against_the_rest():
    p = outputs(6).sigmoid()
    hot = torch.eye(3)[LABELS]
    expected = -(hot * p.log() + (1 - hot) * (1 - p).log()).mean()

    assert BinaryCrossEntropy().build()(outputs(6), LABELS).item() == pytest.approx(expected.item(), abs=1e-6)


def test_balanced_binary_cross_entropy_of_one_label_weighs_samples():
    weights = torch.tensor([1.0, 0.0, 0.0])
    first = LABELS == 0

    loss = BinaryCrossEntropy(class_weights="balanced").build(weights)(outputs(6), LABELS)

    expected = BinaryCrossEntropy().build()(outputs(6)[first], LABELS[first])
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)


def test_errors_of_one_and_three_by_hand():
    given, targets = torch.tensor([[0.5], [3.0]]), torch.tensor([[0.0], [0.0]])

    assert Mse().build()(given, targets).item() == pytest.approx((0.25 + 9) / 2)
    assert Mae().build()(given, targets).item() == pytest.approx((0.5 + 3) / 2)
    # Half the square below delta = 1, delta * (error - delta / 2) above.
    assert Huber().build()(given, targets).item() == pytest.approx((0.125 + 2.5) / 2)
    assert Huber(delta=2.0).build()(given, targets).item() == pytest.approx((0.125 + 4) / 2)


def test_weights_move_with_the_loss():
    built = Focal(class_weights="balanced").build(torch.ones(3))

    assert [tuple(buffer.shape) for buffer in built.buffers()] == [(3,)]


@pytest.mark.parametrize("name", plugins.names("search_spaces.losses"))
def test_every_loss_learns_the_tasks_it_names(name):
    kind = plugins.find("search_spaces.losses", name)
    targets = {
        "classification": LABELS[:4],
        "multilabel": MANY,
        "regression": MANY,
        "forecasting": MANY,
    }

    assert set(kind.tasks) <= set(get_args(Task))
    for task in kind.tasks:
        given = outputs(4).requires_grad_()
        loss = kind().build()(given, targets[task])
        loss.backward()
        assert loss.shape == ()
        assert given.grad.isfinite().all()


def test_there_is_a_loss_for_every_task():
    kinds = [plugins.find("search_spaces.losses", name) for name in plugins.names("search_spaces.losses")]

    assert {task for kind in kinds for task in kind.tasks} == set(get_args(Task))
