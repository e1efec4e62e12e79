"""What `auto` chooses: likeness on data whose likeness is known, and the table's four fields."""

from typing import Any

import pytest
import torch

from search_spaces.architectures.mlp import Mlp
from search_spaces.data import Data, Part
from search_spaces.datasets.digits import Digits
from tuner import strategy
from tuner.similarity import Similarity, similarity
from tuner.spec import SweepSpec
from tuner.strategy import decide, is_open
from tuner.weights import Weights

NETWORK = Mlp(width=32, depth=1, dropout=0.0)


def trained_on(data: Data) -> Weights:
    """The hidden layer of a network that has learned this data."""
    torch.manual_seed(0)
    network = NETWORK.build(data.inputs, data.outputs)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(data.train.x), data.train.y).backward()
        optimizer.step()
    return {name: value for name, value in network.state_dict().items() if not name.startswith("4.")}


def spec(transfer: Any = "auto") -> SweepSpec:
    return SweepSpec.read(
        {"dataset": "digits", "architecture": {"mlp": {"width": 32}}, "start_from": "m/1", "transfer": transfer}
    )


def sized(data: Data, count: int) -> Data:
    """With so many training samples, the same ones over and over."""
    again = torch.arange(count) % len(data.train)
    return Data(Part(data.train.x[again], data.train.y[again]), data.validation, data.test, data.task, data.classes)


def test_few_samples_of_the_parents_own_classes_are_like_its_data() -> None:
    weights = trained_on(Digits().build())
    found = similarity(NETWORK, weights, Digits(per_class=3, split_seed=1).build(), seed=0)
    assert found.high
    assert found.chance < 0.15 < found.scratch <= found.probe


def test_samples_that_the_parents_features_do_not_tell_apart_are_unlike() -> None:
    blind = {"1.weight": torch.zeros(32, 64), "1.bias": torch.zeros(32)}
    found = similarity(NETWORK, blind, Digits(per_class=10).build(), seed=0)
    assert not found.high
    assert found.none
    assert found.scratch > 0.5


def test_numbers_are_judged_by_the_share_of_variance() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 4, generator=generator)
    part = Part(x, x[:, :1] * 2)
    data = Data(part, part, part, "regression")
    network = NETWORK.build(data.inputs, 1)
    own = {name: value for name, value in network.state_dict().items() if not name.startswith("4.")}
    found = similarity(NETWORK, own, data, seed=0)
    assert found.chance == 0
    assert 0.9 < found.probe <= 1


def test_measuring_leaves_the_random_state_alone() -> None:
    data = Digits(per_class=3).build()
    weights = trained_on(data)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = similarity(NETWORK, weights, data, seed=0)
    assert torch.equal(before, torch.get_rng_state())
    assert similarity(NETWORK, weights, data, seed=0) == first


@pytest.mark.parametrize(
    ("likeness", "samples", "chosen"),
    [
        ("high", 50, ["feature_extractor"]),
        ("low", 50, ["freeze_early"]),
        ("high", 10_000, ["full"]),
        ("low", 10_000, ["full", "scratch"]),
        ("high", 9_999, ["feature_extractor"]),
    ],
)
def test_the_table_decides_by_size_and_likeness(likeness: str, samples: int, chosen: list[str]) -> None:
    given = spec({"auto": {"similarity": likeness}})
    found = decide(given, NETWORK, {}, sized(Digits().build(), samples))
    assert list(found.transfer) == chosen
    assert found.measured is None
    SweepSpec.read({**given.describe(), "transfer": found.transfer})  # can stand in the spec


def test_much_data_of_which_the_parent_knows_nothing_is_trained_from_scratch() -> None:
    blind = {"1.weight": torch.zeros(32, 64), "1.bias": torch.zeros(32)}
    found = decide(spec(), NETWORK, blind, sized(Digits().build(), 10_000))
    assert list(found.transfer) == ["scratch"]


def test_a_decision_says_why_with_the_figures() -> None:
    found = strategy.Decision({"feature_extractor": {}}, 50, True, Similarity(0.2, 0.9, 0.8), 1.5)
    assert str(found) == (
        "transfer: auto is feature_extractor, as 50 training samples are little data (10,000 and more would be much), "
        "like the parent's: a linear probe on the parent's features reaches 0.900 on the validation part, "
        "chance 0.200, a short training from fresh weights 0.800"
    )
    assert found.to_json()["measured"] == {"chance": 0.2, "probe": 0.9, "scratch": 0.8}


def test_only_auto_is_left_open() -> None:
    assert is_open(spec())
    assert not is_open(spec(["full", "scratch"]))
