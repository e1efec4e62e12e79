from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from search_spaces.architectures.convnet import Convnet
from search_spaces.architectures.lstm import Lstm
from search_spaces.architectures.mlp import Mlp
from search_spaces.choice import Architecture
from search_spaces.data import Data, Part
from search_spaces.datasets.digits import Digits
from search_spaces.preparations.text import Text
from search_spaces.shape import Shape
from tracking.registry import Version
from tuner import weights
from tuner.errors import TrialError, UsageError
from tuner.parent import Parent, inherited

FEW = Digits(classes="5,6,7").build()
IMAGE = Shape((1, 8, 8))
VERSION = Version("digits", 3, (), "models:/m-1", "run")


def parent_with(
    given: dict[str, Tensor], inputs: Shape = IMAGE, data: dict[str, Any] | None = None, **others: Any
) -> Parent:
    return Parent(VERSION, {"name": "mlp"}, given, "digest", inputs, data or {}, **others)


def weights_of(network: Architecture, inputs: Shape = IMAGE, outputs: int = 5) -> dict[str, Tensor]:
    return network.build(inputs, outputs).state_dict()


def test_all_but_the_head_is_taken_over() -> None:
    given = weights_of(Mlp(width=4, depth=1))
    taken = inherited(parent_with(given), Mlp(width=4, depth=1), FEW)
    assert taken.weights.keys() == {"1.weight", "1.bias"}
    assert taken.new == ("4.weight [5, 4] -> [3, 4]", "4.bias [5] -> [3]")
    assert str(taken) == "2 tensors (260 numbers) taken over, a new head: 4.weight [5, 4] -> [3, 4], 4.bias [5] -> [3]"


def test_batch_statistics_are_taken_over_with_the_weights() -> None:
    taken = inherited(parent_with(weights_of(Convnet())), Convnet(), FEW)
    assert {"1.running_mean", "1.running_var"} <= taken.weights.keys()


def test_the_head_is_new_for_as_many_but_other_classes() -> None:
    known = {"task": "classification", "classes": ["0", "1", "2"]}
    given = parent_with(weights_of(Mlp(), outputs=3), data=known)
    assert inherited(given, Mlp(), FEW).new == ("7.weight [3, 128]", "7.bias [3]")


def test_the_head_stays_for_the_very_same_classes() -> None:
    known = {"task": "classification", "classes": ["5", "6", "7"]}
    taken = inherited(parent_with(weights_of(Mlp(), outputs=3), data=known), Mlp(), FEW)
    assert (taken.new, "7.weight" in taken.weights) == ((), True)


def test_weights_that_differ_beside_the_head_are_listed_and_refused() -> None:
    given = weights_of(Mlp(width=4, depth=2))
    with pytest.raises(UsageError) as refused:
        inherited(parent_with(given), Mlp(width=8, depth=1), FEW)
    assert str(refused.value) == (
        "start_from: only the head of digits/3 may differ, but so do: 1.weight [4, 64] -> [8, 64]; "
        "1.bias [4] -> [8]; 7.weight [5, 4] -> missing; 7.bias [5] -> missing"
    )


def test_data_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match="learned from image samples of 1 x 28 x 28, the data set has image"):
        inherited(parent_with({}, Shape((1, 28, 28))), Mlp(), FEW)


def test_data_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="learned from vector samples of 64, the data set has image samples of 1 x 8"):
        inherited(parent_with({}, Shape((64,))), Mlp(), FEW)


def test_texts_of_other_words_are_refused() -> None:
    tokens = Part(torch.ones(4, 6, dtype=torch.long), torch.tensor([0, 1, 0, 1]))
    here = Text(column="text", words=("", "?", "good"), length=6)
    there = Text(column="text", words=("", "?", "bad"), length=6)
    data = Data(tokens, tokens, tokens, "classification", ("a", "b"), "text", 3, here.words, here)
    given = parent_with({}, Shape((6,), "text", 3), {"preparation": there.describe()})
    with pytest.raises(UsageError, match="learned from other words than the data set has"):
        inherited(given, Lstm(), data)


def test_kept_weights_come_back_into_a_network_and_leave_its_head_alone(tmp_path: Path) -> None:
    taken = inherited(parent_with(weights_of(Mlp())), Mlp(), FEW)
    network = Mlp().build(IMAGE, 3)
    head = network.state_dict()["7.weight"].clone()
    weights.take_over(network, weights.keep(taken.weights, tmp_path))
    assert all(torch.equal(network.state_dict()[name], value) for name, value in taken.weights.items())
    assert torch.equal(network.state_dict()["7.weight"], head)


def test_weights_that_a_killed_start_left_are_not_mixed_up(tmp_path: Path) -> None:
    weights.keep({"a": torch.zeros(1)}, tmp_path)
    path = weights.keep({"a": torch.ones(1)}, tmp_path)
    assert weights.kept(tmp_path) == str(path)


def test_weights_that_are_gone_are_missed_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the parent's weights are gone from"):
        weights.kept(tmp_path)
    with pytest.raises(TrialError, match="damaged or gone"):
        weights.take_over(Mlp().build(IMAGE, 3), tmp_path / "weights.0.pt")
