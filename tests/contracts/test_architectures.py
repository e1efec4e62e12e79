"""What every architecture keeps to, for every kind of sample it fits."""

import importlib
import math
import warnings
from collections.abc import Iterator
from typing import Any, cast

import lightning.pytorch as L
import pytest
import torch
from torch import Tensor, nn

from search_spaces import plugins
from search_spaces.choice import Architecture
from search_spaces.data import Data, Part
from search_spaces.dimensions import Among
from search_spaces.shape import Kind, Shape
from search_spaces.space import realise
from tuner.batches import Batches

FOLDER = "search_spaces.architectures"
OUTPUTS = 5
BATCH = 4
NAMES = [name for name in plugins.names(FOLDER) if name != "pretrained"]
"""Other libraries' networks must be named and installed: they have tests of their own, in test_pretrained.py."""
ALL = [(name, fit) for name in NAMES for fit in cast(Any, plugins.find(FOLDER, name)).fits]
PAIRS = [(name, fit) for name, fit in ALL if cast(Any, plugins.find(FOLDER, name)).learning == "supervised"]
OTHERS = [pair for pair in ALL if pair not in PAIRS]
"""Those that learn in a way of their own, which the tests of `tuner.modules` train."""
SLOTS = {"optimizer": "adam", "lr_schedule": "constant", "augmentation": "none", "training": "training"}
SIDES = (8, 16, 32, 64, 128, 224)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As many as a trial has by default; with more, small networks mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


architectures = pytest.mark.parametrize(("name", "fit"), PAIRS, ids=[f"{name}-{fit}" for name, fit in PAIRS])
others = pytest.mark.parametrize(("name", "fit"), OTHERS, ids=[f"{name}-{fit}" for name, fit in OTHERS])


def find(name: str) -> type[Architecture]:
    return cast(type[Architecture], plugins.find(FOLDER, name))


def shape(kind: type[Architecture], fit: Kind, side: int = 0) -> Shape:
    side = max(side, getattr(kind, "smallest", 8))
    shapes = {
        "image": Shape((1, side, side)),
        "vector": Shape((16,)),
        "text": Shape((12,), "text", vocabulary=50),
        "series": Shape((24, 3)),
    }
    return shapes[fit]


def samples(inputs: Shape) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if inputs.kind == "text":
        x = torch.randint(1, inputs.vocabulary or 2, (BATCH, *inputs), generator=generator)
        x[0, -3:] = 0  # the first text is shorter, filled up at the end
        return x
    return torch.randn(BATCH, *inputs, generator=generator)


def build(choice: Architecture, inputs: Shape) -> nn.Module:
    torch.manual_seed(0)
    return choice.build(inputs, OUTPUTS)


def built(choice: Architecture, fit: Kind) -> tuple[nn.Module, Tensor]:
    """The network and samples; where its settings need larger images than its defaults, it gets them."""
    kind = type(choice)
    for side in SIDES:
        try:
            network = build(choice, shape(kind, fit, side))
        except ValueError as error:
            if fit != "image" or side == SIDES[-1]:
                raise
            assert "images of at least" in str(error)
        else:
            return network, samples(shape(kind, fit, side))
    raise AssertionError


def two_steps(network: nn.Module, x: Tensor) -> list[float]:
    """The losses of two steps of plain gradient descent."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    losses = []
    for _ in range(2):
        loss = nn.functional.cross_entropy(network(x), torch.arange(BATCH) % OUTPUTS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def corners(kind: type[Architecture]) -> Iterator[Architecture]:
    """All ranges at their high ends, all at their low ends, and there each option of each list by itself."""
    ranges = kind.dimensions()
    low, high = ({name: dimension.grid(2)[end] for name, dimension in ranges.items()} for end in (0, -1))
    yield kind(**high)
    yield kind(**low)
    for name, dimension in ranges.items():
        if isinstance(dimension, Among):
            yield from (kind(**{**low, name: option}) for option in dimension.options)


@architectures
def test_it_gives_so_many_numbers_a_sample(name: str, fit: Kind) -> None:
    kind = find(name)
    inputs = shape(kind, fit)
    network = build(kind(), inputs).eval()
    assert network(samples(inputs)).shape == (BATCH, OUTPUTS)
    assert network(samples(inputs)[:1]).shape == (1, OUTPUTS)


@architectures
def test_every_corner_of_its_ranges_trains(name: str, fit: Kind) -> None:
    for choice in dict.fromkeys(corners(find(name))):
        network, x = built(choice, fit)
        before = [weights.detach().clone() for weights in network.parameters()]
        assert torch.tensor(two_steps(network, x)).isfinite().all(), choice
        after = list(network.parameters())
        assert not all(torch.equal(old, new) for old, new in zip(before, after, strict=True)), choice


@architectures
def test_gradients_reach_every_weight(name: str, fit: Kind) -> None:
    kind = find(name)
    inputs = shape(kind, fit)
    network = build(kind(), inputs)
    two_steps(network, samples(inputs))  # a branch that begins at zero gets its gradients in the second step
    for weights, parameter in network.named_parameters():
        assert parameter.grad is not None, weights
        assert parameter.grad.isfinite().all(), weights
        assert parameter.grad.any(), weights


@architectures
def test_its_seed_decides_its_weights_and_its_training(name: str, fit: Kind) -> None:
    kind = find(name)
    x = samples(shape(kind, fit))
    runs = []
    for _ in range(2):
        network = build(kind(), shape(kind, fit))
        runs.append((two_steps(network, x), list(network.state_dict().values())))
    assert runs[0][0] == runs[1][0]
    assert all(torch.equal(first, second) for first, second in zip(runs[0][1], runs[1][1], strict=True))


@architectures
def test_judging_is_repeatable_and_treats_each_sample_by_itself(name: str, fit: Kind) -> None:
    kind = find(name)
    x = samples(shape(kind, fit))
    network = build(kind(), shape(kind, fit)).eval()
    with torch.no_grad():
        whole = network(x)
        assert torch.equal(whole, network(x))
        torch.testing.assert_close(network(x[1:2]), whole[1:2], rtol=1e-4, atol=1e-5)


@architectures
def test_its_weights_can_be_kept_and_brought_back(name: str, fit: Kind) -> None:
    kind = find(name)
    inputs = shape(kind, fit)
    network, other = build(kind(), inputs), kind().build(inputs, OUTPUTS)
    two_steps(network, samples(inputs))
    other.load_state_dict(network.state_dict())
    torch.testing.assert_close(other.eval()(samples(inputs)), network.eval()(samples(inputs)))


@pytest.mark.parametrize(("name", "fit"), OTHERS, ids=[f"{name}-{fit}" for name, fit in OTHERS])
def test_one_that_learns_in_its_own_way_is_built_by_its_seed_at_every_corner(name: str, fit: Kind) -> None:
    for choice in dict.fromkeys([find(name)(), *corners(find(name))]):
        first, same = (built(choice, fit)[0].state_dict() for _ in range(2))
        assert len(first) > 0
        assert all(torch.equal(first[key], same[key]) for key in first), choice


class Watched(L.Callback):
    """Keeps what an epoch reports."""

    def __init__(self) -> None:
        self.reported: dict[str, float] = {}

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.reported = {key: float(value) for key, value in trainer.callback_metrics.items()}


def tiny(kind: type[Architecture], fit: Kind) -> Data:
    """Data of that kind; eight samples for each part."""
    inputs = shape(kind, fit)
    x, y = torch.randn(8, *inputs, generator=torch.Generator().manual_seed(0)), torch.arange(8) % OUTPUTS
    return Data(*[Part(x, y)] * 3, "classification", tuple("abcde"[:OUTPUTS]))


def trained(choice: Architecture, data: Data) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, float]]:
    """The weights before and after two steps of the choice's own module, and what it reports."""
    chosen = {slot: realise(slot, {"name": name}) for slot, name in SLOTS.items()} | {"architecture": choice}
    torch.manual_seed(0)
    module = importlib.import_module(f"tuner.modules.{choice.learning}").build(chosen, data)
    before = {name: weights.detach().clone() for name, weights in module.named_parameters()}
    batches = Batches(data.train, BATCH)
    watched = Watched()
    settings: dict[str, Any] = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing"), False)
    settings |= {"enable_model_summary": False, "num_sanity_val_steps": 0, "accelerator": "cpu", "max_epochs": 1}
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        L.Trainer(callbacks=[watched], **settings).fit(module, batches, batches)
    return before, {name: weights.detach() for name, weights in module.named_parameters()}, watched.reported


@others
def test_of_another_learning_every_corner_trains_by_its_own_module(name: str, fit: Kind) -> None:
    data = tiny(find(name), fit)
    for choice in dict.fromkeys(corners(find(name))):
        before, after, reported = trained(choice, data)
        assert reported, choice
        assert all(math.isfinite(value) for value in reported.values()), (choice, reported)
        assert all(weights.isfinite().all() for weights in after.values()), choice
        still = [each for each in before if torch.equal(before[each], after[each])]
        assert not still, (choice, still)


@others
def test_of_another_learning_the_seed_decides_everything(name: str, fit: Kind) -> None:
    data = tiny(find(name), fit)
    (_, weights, reported), (_, same_weights, same_reported) = (trained(find(name)(), data) for _ in range(2))
    assert reported == same_reported
    assert all(torch.equal(weights[each], same_weights[each]) for each in weights)
