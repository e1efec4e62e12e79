"""Every recipe of the folder: it is valid, says what it is, and runs by its name."""

import inspect
import json
from pathlib import Path

import pytest

from search_spaces.choice import Dataset
from tuner import Sweep, SweepSpec
from tuner.catalogue import rows
from tuner.spec import recipes

SHRUNKEN = ["budget.trials=2", "budget.epochs=1", "training.batch_size=256"]


def example(name: str, folder: Path) -> list[str]:
    """The override that gives a recipe its data set's own tiny file; none where the data ships with a library."""
    (branch,) = SweepSpec.load(name).space.slots["dataset"]
    kind = branch.kind
    assert issubclass(kind, Dataset)
    if inspect.getattr_static(kind, "example") is inspect.getattr_static(Dataset, "example"):
        return []
    described = {key: value for key, value in kind.example(folder).describe().items() if value is not None}
    return [f"dataset={json.dumps({described.pop('name'): described})}"]


@pytest.mark.parametrize("name", recipes())
def test_it_is_valid_and_says_what_it_is(name: str) -> None:
    spec = SweepSpec.load(name)
    sentence = dict(rows("recipes"))[name]
    assert sentence.endswith(".")
    assert not sentence[0].islower()
    assert spec.name == name
    assert spec.resources.cpus == 1
    assert spec.resources.gpus == 0


@pytest.mark.parametrize("name", recipes())
def test_steps_of_networks_that_read_sequences_are_kept_short(name: str) -> None:
    spec = SweepSpec.load(name)
    reading = {branch.name for branch in spec.space.slots["architecture"]} & {"rnn", "lstm", "gru", "transformer"}
    assert not reading or spec.training["clip"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", recipes())
def test_it_runs_by_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    sweep = Sweep(name, [*SHRUNKEN, *example(name, tmp_path)], home=tmp_path / "home").run(runner="inline")
    board = sweep.leaderboard()
    assert len(board) == 2
    assert board["value"].notna().all()
    assert sweep.record().attributes["test"]["metrics"]


def test_the_digits_networks_are_all_in_one_space() -> None:
    spec = SweepSpec.load("every_architecture")
    assert [branch.name for branch in spec.space.slots["architecture"]] == [
        "linear", "mlp", "lenet", "convnet", "alexnet", "vgg", "resnet", "densenet", "vit",
    ]  # fmt: skip
    assert spec.space.conditional
