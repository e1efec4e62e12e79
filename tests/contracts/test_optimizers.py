"""What every optimizer keeps to."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from search_spaces import plugins
from search_spaces.choice import Optimizer
from search_spaces.dimensions import Among

FOLDER = "search_spaces.optimizers"


@pytest.fixture(params=plugins.names(FOLDER))
def kind(request: pytest.FixtureRequest) -> type[Optimizer]:
    return cast(type[Optimizer], plugins.find(FOLDER, request.param))


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, count: int) -> list[float]:
    """The losses of so many steps on sixteen samples."""
    generator = torch.Generator().manual_seed(1)
    x, y = torch.randn(16, 6, generator=generator), torch.arange(16) % 3
    losses = []
    for _ in range(count):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def weights(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def corners(kind: type[Optimizer]) -> Iterator[Optimizer]:
    ranges = kind.dimensions()
    for end in (0, -1):
        yield kind(**{name: dimension.grid(2)[end] for name, dimension in ranges.items()})
    for name, dimension in ranges.items():
        values: list[Any] = list(dimension.options) if isinstance(dimension, Among) else dimension.grid(2)
        yield from (kind(**{name: value}) for value in values)


def test_its_defaults_make_the_loss_smaller(kind: type[Optimizer]) -> None:
    model = network()
    losses = steps(model, kind().build(model.parameters()), 20)
    assert losses[-1] < losses[0]


def test_every_corner_of_its_ranges_changes_every_weight_and_stays_finite(kind: type[Optimizer]) -> None:
    for choice in dict.fromkeys(corners(kind)):
        model = network()
        before = weights(model)
        assert torch.tensor(steps(model, choice.build(model.parameters()), 2)).isfinite().all(), choice
        for old, new in zip(before, weights(model), strict=True):
            assert new.isfinite().all(), choice
            assert not torch.equal(old, new), choice


def test_it_draws_nothing_at_random(kind: type[Optimizer]) -> None:
    runs = []
    for seed in (1, 2):
        model = network()
        optimizer = kind().build(model.parameters())
        torch.manual_seed(seed)
        runs.append((steps(model, optimizer, 2), weights(model)))
    assert runs[0][0] == runs[1][0]
    assert all(torch.equal(first, second) for first, second in zip(runs[0][1], runs[1][1], strict=True))


def test_it_goes_on_from_its_kept_state_as_if_never_stopped(kind: type[Optimizer]) -> None:
    whole = network()
    steps(whole, kind().build(whole.parameters()), 4)

    first = network()
    optimizer = kind().build(first.parameters())
    steps(first, optimizer, 2)
    kept = optimizer.state_dict()
    second = network()
    second.load_state_dict(first.state_dict())
    again = kind().build(second.parameters())
    again.load_state_dict(kept)
    steps(second, again, 2)
    assert all(torch.equal(one, other) for one, other in zip(weights(whole), weights(second), strict=True))


def test_its_learning_rate_is_the_one_that_was_chosen(kind: type[Optimizer]) -> None:
    if "lr" not in kind.model_fields:
        pytest.skip("it finds its learning rate by itself")
    optimizer = kind(lr=0.0123).build(network().parameters())
    assert {group["lr"] for group in optimizer.param_groups} == {0.0123}
