"""Whole fine-tuning sweeps in this process, from a promoted network of a tiny sweep."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tracking import wording
from tracking.records import State, TrialRecord
from tuner import Observer, SpecError, Sweep, UsageError, commands, finetune, finetuning, trial
from tuner.spec import SweepSpec
from tuner.weights import kept

PARENT: dict[str, Any] = {
    "name": "low",
    "dataset": {"digits": {"classes": "0,1,2,3,4"}},
    "architecture": {"mlp": {"width": 16, "depth": 1, "activation": "relu", "dropout": 0.0, "norm": "batch"}},
    "optimizer": "adam",
    "training": {"batch_size": 64},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 1, "epochs": 2},
}
CHILD: dict[str, Any] = {
    "dataset": {"digits": {"classes": "5,6,7,8,9", "per_class": 20}},
    "optimizer": "adam",
    "training": {"batch_size": 32},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 2, "epochs": 2},
}
HIGH = {"auto": {"similarity": "high"}}


@pytest.fixture(scope="module")
def home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which `low@champion` is the network of digits 0 to 4."""
    folder = tmp_path_factory.mktemp("parents") / "home"
    shutil.copytree(empty_home, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Sweep(PARENT, home=folder).run(runner="inline").promote("low@champion", force="a test's parent")
        yield folder


def child(home: Path, name: str, **others: Any) -> Sweep:
    return finetune("low@champion", {**CHILD, **others}, name=name, home=home)


def state_of(found: TrialRecord) -> dict[str, torch.Tensor]:
    assert found.checkpoint is not None
    weights = trial.load(found.checkpoint)["state_dict"]
    return {name.removeprefix("network."): value for name, value in weights.items()}


def test_its_network_is_the_parents_and_its_version_a_number(home: Path) -> None:
    spec = child(home, "unrun").spec
    assert spec.start_from == "low/1"
    assert spec.architecture["mlp"] | PARENT["architecture"]["mlp"] == spec.architecture["mlp"]
    assert not [name for name in spec.space.parameters() if name.startswith("architecture")]


def test_a_sweep_starts_from_its_parents_weights_and_says_so_in_the_ledger(home: Path) -> None:
    record = child(home, "extracted", transfer="feature_extractor").run(runner="inline").record()
    weights = torch.load(kept(home / "sweeps" / "extracted"), weights_only=True)
    assert [it.state for it in record.trials] == [State.COMPLETE] * 2
    assert weights.keys() == {
        "1.weight",
        "2.weight",
        "2.bias",
        "2.running_mean",
        "2.running_var",
        "2.num_batches_tracked",
    }
    for it in record.trials:
        assert all(torch.equal(value, state_of(it)[name]) for name, value in weights.items())
    noted = record.attributes["parent"]
    assert (noted["model"], noted["version"], noted["uri"][:10]) == ("low", 1, "models:/m-")
    assert noted["new"] == ["5.weight [5, 16]", "5.bias [5]"]
    tags = wording.sweep_tags(record, {})
    assert (tags["sweepforge.parent.model"], tags["sweepforge.parent.version"]) == ("low", "1")


def test_auto_puts_a_strategy_in_its_place_and_notes_why(home: Path) -> None:
    class Ears(Observer):
        def __init__(self) -> None:
            self.heard: list[str] = []

        def noted(self, text: str) -> None:
            self.heard.append(text)

    ears = Ears()
    record = child(home, "auto", transfer=HIGH).run(runner="inline", observer=ears).record()
    assert record.spec["transfer"] == {"feature_extractor": {}}
    assert record.attributes["transfer"]["strategies"] == ["feature_extractor"]
    assert any(line.startswith("starts from low/1") for line in ears.heard)
    assert any("100 training samples are little data" in line for line in ears.heard)


def test_a_list_of_strategies_lets_the_search_decide(home: Path) -> None:
    spec = child(home, "unrun", transfer=["full", "scratch", {"freeze_early": {"share": 0.5}}]).spec
    assert {"transfer", "transfer.full.lowest"} <= spec.space.parameters().keys()


def test_a_moved_alias_changes_nothing_for_a_sweep_that_goes_on(home: Path) -> None:
    class Interrupter(Observer):
        def ended(self, trial: TrialRecord) -> None:
            sweep.limits.stop("interrupted", interrupted=True)

    whole = child(home, "whole", transfer="full").run(runner="inline").record()
    sweep = child(home, "halves", transfer="full")
    sweep.run(runner="inline", observer=Interrupter())
    assert [it.state.finished for it in sweep.record().trials] == [True]
    Sweep({**PARENT, "name": "low-again", "seed": 1}, home=home).run(runner="inline").promote(
        "low@champion", force="a better parent"
    )
    assert child(home, "unrun").spec.start_from == "low/2"
    halves = Sweep.open("halves", home).resume(runner="inline").record()
    assert halves.spec["start_from"] == "low/1"
    assert [it.curve for it in halves.trials] == [it.curve for it in whole.trials]


def test_the_spec_itself_can_name_its_parent(home: Path) -> None:
    sweep = Sweep({**CHILD, "start_from": "low/1", "transfer": HIGH}, name="plain", home=home)
    assert sweep.run(runner="inline").record().attributes["parent"]["version"] == 1


@pytest.mark.parametrize(
    ("model", "others", "said"),
    [
        ("hogh@champion", {}, "start_from: no model named 'hogh'"),
        ("low@chempion", {}, "start_from: low has no alias 'chempion'; did you mean 'champion'?"),
        ("low/99", {}, "start_from: low has no version 99"),
        ("a:b", {}, "start_from: a model's name has no '/', ':'"),
        (
            "low/1",
            {"architecture": "convnet"},
            "architecture: is that of low/1, a mlp, since the sweep",
        ),
        ("low/1", {"transfer": ["auto", "full"]}, "transfer: auto chooses by itself"),
        ("low/1", {"transfer": "ful"}, "transfer: 'ful' is not one of the transfer; did you mean 'full'?"),
        (
            "low/1",
            {"transfer": {"auto": {"similarity": ["high", "low"]}}},
            "transfer.auto.similarity: must be one",
        ),
    ],
)
def test_what_cannot_be_begun_is_refused_in_a_line(home: Path, model: str, others: Any, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        finetune(model, {**CHILD, **others}, name="never", home=home)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_strategy_without_a_parent_is_refused() -> None:
    with pytest.raises(SpecError, match="transfer: says how a parent's weights are fitted: add start_from"):
        SweepSpec.read({**CHILD, "architecture": "mlp", "transfer": "full"})


def test_a_network_that_learns_no_targets_is_no_parent() -> None:
    with pytest.raises(SpecError, match="start_from: autoencoder cannot start from a parent"):
        objective = {"metric": "val/mse"}
        SweepSpec.read({**CHILD, "architecture": "autoencoder", "start_from": "a/1", "objective": objective})


def test_data_of_another_kind_leave_nothing_behind(home: Path) -> None:
    sweep = finetune("low/1", {**CHILD, "dataset": "breast_cancer", "transfer": "full"}, name="tables", home=home)
    with pytest.raises(UsageError, match="learned from image samples of 1 x 8 x 8, the data set has vector samples"):
        sweep.run(runner="inline")
    assert not (home / "sweeps" / "tables").exists()


def test_a_version_whose_weights_were_damaged_is_no_parent(home: Path) -> None:
    [file] = (home / "artifacts" / "low").rglob("state_dict.pt")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="start_from: low/1 has weights that cannot be read"):
        finetune("low/1", CHILD, name="unread", home=home)
    file.write_bytes(whole)


def test_a_network_with_weights_of_its_own_gives_them_up_for_the_parents() -> None:
    choice = {"name": "pretrained", "network": "resnet18", "weights": "hub", "freeze": True, "size": 0, "extra": None}
    assert finetuning.fixed(choice) == {
        "pretrained": {"network": "resnet18", "weights": "none", "freeze": False, "size": 0}
    }


def test_weights_that_went_missing_fail_the_trial_with_its_cause(home: Path) -> None:
    class Thief(Observer):
        def started(self, trial: TrialRecord) -> None:
            weights = Path(kept(home / "sweeps" / "robbed"))
            weights.write_bytes(b"")

    sweep = child(home, "robbed", transfer="full", budget={"trials": 1, "epochs": 1})
    with pytest.raises(Exception, match="the parent's weights are damaged or gone"):
        sweep.run(runner="inline", observer=Thief())


def test_the_command_line_shows_the_plan_and_runs_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "fine.yaml"
    file.write_text(json.dumps({**CHILD, "budget": {"trials": 1, "epochs": 1}}))

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["tuner", "finetune", "low/1", str(file), "--home", str(home), *arguments])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        assert not ended.value.code
        return capsys.readouterr().out

    plan = call("--dry-run")
    assert "start_from: low/1" in plan
    assert "transfer: auto" in plan
    said = call("transfer=scratch", "--inline")
    assert "starts from low/1" in said
    assert "best trial 0" in said
