"""What every loss keeps to, for every task it can learn."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from search_spaces import plugins
from search_spaces.choice import Loss
from search_spaces.dimensions import Among

FOLDER = "search_spaces.losses"
PAIRS = [(name, task) for name in plugins.names(FOLDER) for task in cast(Any, plugins.find(FOLDER, name)).tasks]
LABELS = torch.tensor([0, 1, 2, 0, 1, 0])

losses = pytest.mark.parametrize(("name", "task"), PAIRS, ids=[f"{name}-{task}" for name, task in PAIRS])


def find(name: str) -> type[Loss]:
    return cast(type[Loss], plugins.find(FOLDER, name))


def perfect(task: str) -> tuple[Tensor, Tensor]:
    """Outputs that say the truth, and the targets, as `search_spaces.data.Task` has them."""
    ones = nn.functional.one_hot(LABELS, 3).float()
    if task == "classification":
        return ones * 20 - 10, LABELS
    if task == "multilabel":
        return ones * 20 - 10, ones
    numbers = torch.linspace(-1, 1, 6)
    if task == "regression":
        return numbers.clone(), numbers
    series = torch.linspace(-1, 1, 6 * 4 * 2).reshape(6, 4, 2)
    return series.clone(), series


def wrong(task: str) -> tuple[Tensor, Tensor]:
    outputs, targets = perfect(task)
    return outputs.roll(1, 0), targets


def corners(kind: type[Loss]) -> Iterator[Loss]:
    yield kind()
    for name, dimension in kind.dimensions().items():
        values: list[Any] = list(dimension.options) if isinstance(dimension, Among) else dimension.grid(2)
        yield from (kind(**{name: value}) for value in values)


@losses
def test_it_is_one_finite_number_that_is_smaller_for_the_truth(name: str, task: str) -> None:
    for choice in dict.fromkeys(corners(find(name))):
        for weights in (None, torch.tensor([0.5, 1.0, 2.0])):
            if weights is not None and task not in ("classification", "multilabel"):
                continue
            loss = choice.build(weights)
            right, false = loss(*perfect(task)), loss(*wrong(task))
            assert right.shape == ()
            assert right.isfinite(), choice
            assert false.isfinite(), choice
            assert right < false, choice


@losses
def test_two_steps_downhill_change_the_outputs_and_lower_it(name: str, task: str) -> None:
    for choice in dict.fromkeys(corners(find(name))):
        outputs, targets = wrong(task)
        before = outputs.clone()
        outputs.requires_grad_()
        optimizer = torch.optim.SGD([outputs], lr=0.01)
        found = []
        for _ in range(2):
            loss = choice.build()(outputs, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        assert not torch.equal(outputs, before), choice
        assert found[1] < found[0], choice


@losses
def test_it_is_a_mean_so_that_a_batch_twice_over_costs_the_same(name: str, task: str) -> None:
    outputs, targets = wrong(task)
    loss = find(name)().build()
    twice = loss(torch.cat([outputs, outputs]), torch.cat([targets, targets]))
    torch.testing.assert_close(twice, loss(outputs, targets))


@losses
def test_it_draws_nothing_at_random(name: str, task: str) -> None:
    outputs, targets = wrong(task)
    first, second = (find(name)().build()(outputs, targets) for _ in range(2))
    assert torch.equal(first, second)
