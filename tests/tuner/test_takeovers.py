"""Copies of other trials, with real trainings: what a copy begins with, and what is left of it after a kill."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as L
import pytest
import torch
from torch import Tensor

from search_spaces.dimensions import Fixed
from search_spaces.space import Space
from tracking import checkpoints
from tracking.ledger import Ledger
from tracking.records import CheckpointRef, Objective, Report, State
from tuner import Observer, Sweep, SweepError, trial
from tuner.assignment import Assignment, Inheritance
from tuner.every_epoch import EveryEpoch

PLAIN: dict[str, Any] = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 16, "depth": 1, "activation": "relu", "dropout": 0.1}},
    "loss": "cross_entropy",
    "optimizer": {"sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 1e-4}},
    "lr_schedule": {"constant": {"warmup": 0.0}},
    "augmentation": "none",
    "training": {"batch_size": 512},
}


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def assignment(folder: Path, number: int = 0, epochs: int = 4, raw: Any = None, **others: Any) -> Assignment:
    choices = {}
    for slot, (branch,) in Space.read({**PLAIN, **(raw or {})}).slots.items():
        given = {name: it.value for name, it in branch.dimensions.items() if isinstance(it, Fixed)}
        choices[slot] = branch.kind(**given).describe()
    settings = {"objective": Objective("val/loss", "min"), **others}
    return Assignment(number, choices, 5 + number, epochs, folder / str(number), **settings)


def run(it: Assignment, go_on: Callable[[Report], bool] = lambda report: True) -> list[Report]:
    reports: list[Report] = []

    def keep(report: Report) -> bool:
        reports.append(report)
        return go_on(report)

    trial.run(it, keep)
    return reports


def until(step: int) -> Callable[[Report], bool]:
    return lambda report: report.step < step


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each later epoch begins with: the weights, and the optimizers' state."""
    found: list[dict[str, Any]] = []
    before = EveryEpoch.on_train_epoch_start

    def looking(self: EveryEpoch, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        optimizers = [deepcopy(it.state_dict()) for it in trainer.optimizers]
        weights = {name: it.clone() for name, it in pl_module.state_dict().items()}
        found.append({"weights": weights, "optimizers": optimizers})
        before(self, trainer, pl_module)

    monkeypatch.setattr(EveryEpoch, "on_train_epoch_start", looking)
    return found


def donate(folder: Path, raw: Any = None, step: int = 2) -> CheckpointRef:
    """A donor's checkpoint of an epoch."""
    reports = run(assignment(folder, number=1, raw=raw), until(step))
    assert reports[-1].checkpoint is not None
    return reports[-1].checkpoint


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


OPTIMIZERS = [
    pytest.param({"optimizer": {"sgd": {"lr": 0.1, "momentum": 0.9}}}, {"lr": 0.05, "momentum": 0.5}, id="sgd"),
    pytest.param({"optimizer": {"adamw": {"lr": 0.01}}}, {"lr": 0.02, "weight_decay": 0.05}, id="adamw"),
    pytest.param({"optimizer": {"adagrad": {"lr": 0.01}}}, {"lr": 0.02}, id="adagrad"),
    pytest.param(
        {"optimizer": {"rmsprop": {"lr": 0.01, "momentum": 0.5}}}, {"lr": 2e-2, "momentum": 0.6}, id="rmsprop"
    ),
]


@pytest.mark.parametrize(("donors", "changed"), OPTIMIZERS)
def test_a_copy_begins_with_the_donors_weights_and_moments_and_with_its_own_settings(
    tmp_path: Path, begun: list[dict[str, Any]], donors: Any, changed: dict[str, float]
) -> None:
    fixed = {"sgd": {"nesterov": False, "weight_decay": 1e-4}, "rmsprop": {"centered": False, "weight_decay": 0.0}}
    ((name, given),) = donors["optimizer"].items()
    given = {**fixed.get(name, {"weight_decay": 1e-3}), **given}
    donor = donate(tmp_path, {"optimizer": {name: given}})
    it = assignment(tmp_path, raw={"optimizer": {name: {**given, **changed}}}, inheritance=Inheritance(donor))
    run(it, until(3))
    stored = trial.load(donor)
    assert same(begun[-1]["weights"], stored["state_dict"])
    (ours,), (theirs,) = begun[-1]["optimizers"], stored["optimizer_states"]
    for key, state in theirs["state"].items():
        assert same(
            {k: v for k, v in ours["state"][key].items() if isinstance(v, Tensor)},
            {k: v for k, v in state.items() if isinstance(v, Tensor)},
        )
    group = ours["param_groups"][0]
    assert {key: group[key] for key in changed} == changed


def test_a_copy_goes_on_from_the_donors_epoch_with_its_own_clock_and_its_own_best(tmp_path: Path) -> None:
    donor = donate(tmp_path)
    own = run(assignment(tmp_path), until(2))
    best = (1, own[0].metrics["val/loss"] - 10)
    it = assignment(tmp_path, inheritance=Inheritance(donor, own[-1].seconds, best))
    reports = run(it)
    assert [report.step for report in reports] == [3, 4]
    assert reports[0].seconds > own[-1].seconds
    assert reports[0].seconds - own[-1].seconds < 60
    left = {found.step for found in checkpoints.listed(it.folder)}
    assert left >= {1, 3, 4}  # its own best stays


def test_a_copy_with_other_settings_trains_as_a_resumed_training_would_with_them(tmp_path: Path) -> None:
    # with nothing but the trial's own seed and the same settings, taking over is resuming
    donor = donate(tmp_path)
    resumed = run(assignment(tmp_path, number=1, kept=(2,)))
    copied = replace(assignment(tmp_path, number=0, inheritance=Inheritance(donor)), seed=6)
    metrics = [report.metrics["val/loss"] for report in run(copied)]
    assert metrics == [report.metrics["val/loss"] for report in resumed[1:]]


@pytest.mark.parametrize("killed", ["while copying", "after copying", "after an epoch"])
def test_a_copy_that_was_killed_goes_on_to_the_same_numbers(tmp_path: Path, killed: str) -> None:
    donor = donate(tmp_path)

    def begin(folder: Path) -> Assignment:
        run(replace(assignment(tmp_path), folder=folder), until(2))
        return replace(assignment(tmp_path, inheritance=Inheritance(donor)), folder=folder)

    whole = run(begin(tmp_path / "whole"))
    it = begin(tmp_path / "cut")
    if killed == "while copying":
        (it.folder / "checkpoints" / ".epoch-0002.1.tmp").write_bytes(b"half a file")
    elif killed == "after copying":
        checkpoints.adopt(it.folder, donor)
    else:
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            run(it, interrupt)
    rest = run(it)
    assert [(r.step, r.metrics["val/loss"]) for r in rest] == [(r.step, r.metrics["val/loss"]) for r in whole]
    assert not list((it.folder / "checkpoints").glob(".*.tmp"))


def interrupt(report: Report) -> bool:
    raise KeyboardInterrupt


def test_own_checkpoints_from_before_a_takeover_are_not_gone_on_from(tmp_path: Path) -> None:
    donor = donate(tmp_path)
    it = assignment(tmp_path)
    run(it, until(3))  # an epoch too far: its report was lost, and the takeover was decided after epoch 2
    reports = run(replace(it, inheritance=Inheritance(donor)))
    assert [report.step for report in reports] == [3, 4]
    assert (
        reports[0].metrics["val/loss"]
        == run(replace(it, folder=tmp_path / "fresh", inheritance=Inheritance(donor)))[0].metrics["val/loss"]
    )


def damage(checkpoint: CheckpointRef) -> None:
    path = Path(checkpoint.path)
    path.write_bytes(path.read_bytes()[:-1])


def test_instead_of_a_damaged_checkpoint_of_the_donors_its_own_is_gone_on_from_with_the_new_settings(
    tmp_path: Path, begun: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    donor = donate(tmp_path)
    own = run(assignment(tmp_path), until(2))[-1].checkpoint
    assert own is not None
    weights = trial.load(own)["state_dict"]
    damage(donor)
    changed = {"optimizer": {"sgd": {"lr": 0.05, "momentum": 0.5, "nesterov": False, "weight_decay": 1e-4}}}
    reports = run(assignment(tmp_path, raw=changed, inheritance=Inheritance(donor)))
    assert [report.step for report in reports] == [3, 4]
    assert same(begun[-2]["weights"], weights)
    assert begun[-2]["optimizers"][0]["param_groups"][0]["lr"] == 0.05
    assert f"is damaged or gone: {donor.path}: it goes on from {own.path}" in caplog.text


def test_where_its_own_does_not_fit_the_donors_one_before_is_gone_on_from(
    tmp_path: Path, begun: list[dict[str, Any]]
) -> None:
    donor = donate(tmp_path)
    narrow = {"architecture": {"mlp": {**PLAIN["architecture"]["mlp"], "width": 8}}}
    run(assignment(tmp_path, raw=narrow), until(2))  # the donor's width is another
    damage(donor)
    reports = run(assignment(tmp_path, inheritance=Inheritance(donor)))
    assert [report.step for report in reports] == [2, 3, 4]
    (first,) = [it for it in checkpoints.listed(tmp_path / "1") if it.step == 1]
    assert same(begun[-3]["weights"], trial.load(first)["state_dict"])


def test_where_nothing_is_left_to_go_on_from_the_copy_begins_anew(tmp_path: Path) -> None:
    donor = donate(tmp_path, step=1)
    Path(donor.path).unlink()
    assert [report.step for report in run(assignment(tmp_path, inheritance=Inheritance(donor)))] == [1, 2, 3, 4]


def test_checkpoints_that_others_may_copy_stay(tmp_path: Path) -> None:
    it = assignment(tmp_path, epochs=6, kept=(2,))
    run(it)
    assert {found.step for found in checkpoints.listed(it.folder)} == {2, 5, 6}  # the loss falls: the best is the last


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # of 8 steps (2 an epoch, 4 epochs) 4 are done; the cosine is at its middle: half of its own 0.4
        pytest.param({"cosine": {"warmup": 0.0}}, 0.2, id="cosine"),
        pytest.param({"constant": {"warmup": 0.0}}, 0.4, id="constant"),
        pytest.param({"exponential": {"warmup": 0.0, "final": 0.01}}, 0.04, id="exponential"),
        pytest.param({"reduce_on_plateau": {"warmup": 0.0, "patience": 0, "gamma": 0.5}}, 0.4, id="plateau"),
    ],
)
def test_a_schedule_goes_on_where_the_donors_stood_with_the_copys_own_rate(
    tmp_path: Path, begun: list[dict[str, Any]], schedule: Any, expected: float
) -> None:
    sgd = {"momentum": 0.9, "nesterov": False, "weight_decay": 1e-4}
    donor = donate(tmp_path, {"lr_schedule": schedule, "optimizer": {"sgd": {**sgd, "lr": 0.1}}})
    raw = {"lr_schedule": schedule, "optimizer": {"sgd": {**sgd, "lr": 0.4}}}
    run(assignment(tmp_path, raw=raw, inheritance=Inheritance(donor)), until(3))
    assert begun[-1]["optimizers"][0]["param_groups"][0]["lr"] == pytest.approx(expected)


def test_a_schedules_own_settings_count_from_there_on(tmp_path: Path, begun: list[dict[str, Any]]) -> None:
    donor = donate(tmp_path, {"lr_schedule": {"exponential": {"warmup": 0.0, "final": 0.01}}})
    raw = {"lr_schedule": {"exponential": {"warmup": 0.0, "final": 0.25}}}
    reports = run(assignment(tmp_path, raw=raw, inheritance=Inheritance(donor)))
    assert begun[2]["optimizers"][0]["param_groups"][0]["lr"] == pytest.approx(0.1 * 0.25**0.5)
    assert reports[-1].metrics["lr"] == pytest.approx(0.1 * 0.25)


def test_an_optimizer_that_would_miss_something_begins_afresh(tmp_path: Path, begun: list[dict[str, Any]]) -> None:
    rms = {"lr": 0.01, "centered": False, "weight_decay": 0.0}
    donor = donate(tmp_path, {"optimizer": {"rmsprop": {**rms, "momentum": 0.0}}})
    raw = {"optimizer": {"rmsprop": {**rms, "momentum": 0.5}}}
    reports = run(assignment(tmp_path, raw=raw, inheritance=Inheritance(donor)))
    assert [report.step for report in reports] == [3, 4]
    assert begun[2]["optimizers"][0]["state"] == {}


def test_an_assignment_with_an_inheritance_survives_json(tmp_path: Path) -> None:
    it = assignment(tmp_path, inheritance=Inheritance(CheckpointRef("/a", 2, "b"), 1.5, (1, 0.5)), kept=(2, 4))
    assert Assignment.from_json(json.loads(json.dumps(it.to_json()))) == it


# --- whole sweeps ---

SPEC: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "architecture": {"mlp": {"width": [8, 16], "depth": 1, "dropout": {"low": 0.0, "high": 0.5}}},
    "optimizer": {"sgd": {}},
    "lr_schedule": "cosine",
    "training": {"batch_size": 512},
    "searcher": "random",
    "scheduler": {"pbt": {"interval_epochs": 2}},
    "budget": {"trials": 4, "epochs": 6},
}


@pytest.fixture(scope="module")
def finished_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population") / "home"
    shutil.copytree(empty_home, folder)
    Sweep(SPEC, home=folder).run(runner="inline")
    return folder


def told(home: Path) -> list[Any]:
    """What must not depend on interruptions: every report but its clocks, and every takeover."""
    found = []
    for it in Ledger.open(home / "sweeps" / "tiny").trials():
        assert it.folder is not None
        reports = [json.loads(line) for line in (it.folder / "metrics.jsonl").read_text().splitlines()]
        metrics = [{k: v for k, v in r["metrics"].items() if k not in ("seconds", "peak_memory_mb")} for r in reports]
        takeovers = [(t.epoch, t.donor, dict(t.params), t.choices) for t in it.takeovers]
        found.append((it.number, it.state, dict(it.params), metrics, takeovers))
    return found


def test_a_population_trains_to_the_end_and_copies_on_the_way(finished_home: Path) -> None:
    trials = Ledger.open(finished_home / "sweeps" / "tiny").trials()
    assert [(it.state, it.epochs) for it in trials] == [(State.COMPLETE, 6)] * 4
    copies = [(it, takeover) for it in trials for takeover in it.takeovers]
    assert copies
    for it, takeover in copies:
        donor = trials[takeover.donor]
        assert takeover.epoch in (2, 4)
        assert takeover.choices["architecture"]["width"] == donor.at(takeover.epoch).choices["architecture"]["width"]
        assert takeover.choices["optimizer"]["lr"] != donor.at(takeover.epoch).choices["optimizer"]["lr"]
        assert takeover.checkpoint is not None
        assert f"/trials/{takeover.donor}/" in takeover.checkpoint.path
        # the copy in the trial's own folder is the donor's checkpoint, if it was not superseded since
        left = checkpoints.listed(it.folder or Path())
        assert all(checkpoints.whole(found) for found in left if found.digest == takeover.checkpoint.digest)


def test_the_exchange_follows_the_values_that_were_told(finished_home: Path) -> None:
    # of four a quarter is one: at epochs 2 and 4 the worst copies the best, and nobody else does
    trials = Ledger.open(finished_home / "sweeps" / "tiny").trials()
    for epoch in (2, 4):
        ranked = sorted(trials, key=lambda it: (-it.curve[epoch], it.number))
        copies = {it.number: takeover.donor for it in trials for takeover in it.takeovers if takeover.epoch == epoch}
        assert copies == {ranked[-1].number: ranked[0].number}


def test_the_leaderboard_shows_the_settings_that_gave_the_best_value(finished_home: Path) -> None:
    sweep = Sweep.open("tiny", finished_home)
    board = sweep.leaderboard().set_index("trial")
    for it in sweep.record().trials:
        step, _ = it.best(sweep.record().objective) or (0, 0.0)
        assert board["optimizer.sgd.lr"][it.number] == it.at(step).params["optimizer.sgd.lr"]
    assert "test" in sweep.record().attributes  # the best network was built and judged, copy or not


class Interrupting(Observer):
    def __init__(self, sweep: Sweep, at: int) -> None:
        self.sweep, self.left = sweep, at

    def reported(self, number: int, report: Report) -> None:
        self.left -= 1
        if self.left == 0:
            self.sweep.limits.stop("interrupted", interrupted=True)


@pytest.mark.slow
@pytest.mark.parametrize("at", [9, *(pytest.param(at, marks=pytest.mark.slow) for at in (1, 8, 13, 18))])
def test_an_interrupted_population_goes_on_to_the_same_numbers(finished_home: Path, home: Path, at: int) -> None:
    sweep = Sweep(SPEC, home=home)
    sweep.run(runner="inline", observer=Interrupting(sweep, at))
    assert sweep.interrupted
    Sweep.open("tiny", home).resume(runner="inline")
    assert told(home) == told(finished_home)


def test_no_trials_can_be_added_to_a_population(finished_home: Path, home: Path) -> None:
    shutil.copytree(finished_home / "sweeps", home / "sweeps")
    with pytest.raises(SweepError, match="pbt trains all its trials together from the first epoch on"):
        Sweep.open("tiny", home).extend(trials=2)


@pytest.mark.slow
def test_on_ray_a_population_copies_too(finished_home: Path, home: Path) -> None:
    spec = {**SPEC, "resources": {"workers": 1}}
    Sweep(spec, home=home).run()
    assert told(home) == told(finished_home)  # with one worker the same numbers, on whichever runner
