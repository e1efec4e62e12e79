"""Sweeps that go on in another space or under another scheduler, with a runner that trains nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tracking.ledger import Ledger
from tracking.records import Report, State, TrialRecord
from tuner.conductor import Conductor
from tuner.errors import SpecError, SweepError
from tuner.extension import laid_over
from tuner.rebuilding import go_on_under
from tuner.seeds import seed_of
from tuner.spec import SweepSpec

BASE: dict[str, Any] = {
    "name": "toy",
    "dataset": "digits",
    "architecture": {"mlp": {"width": {"low": 8, "high": 128}, "depth": 1}},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 8, "epochs": 4},
}
NARROW = {"architecture": {"mlp": {"width": {"low": 8, "high": 64}, "depth": 1}}}


def value(number: int, step: int) -> float:
    """Curves that cross: a trial's final value and its speed follow from its number."""
    final, speed = (seed_of("final", number) % 1000) / 1000, 1 + seed_of("speed", number) % 5
    return final * (1 - math.exp(-step / speed))


def conductor_of(folder: Path, spec: SweepSpec) -> Conductor:
    if (folder / "ledger.journal").exists():
        ledger = Ledger.open(folder, read_only=False)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger.create(folder, "toy", spec.describe(), spec.goals.leading, planned=spec.trials)
    planned = ledger.study.user_attrs["planned"]
    scheduler = spec.scheduler_choice.build(ledger.objective, spec.budget.epochs, planned, spec.space, spec.seed)
    return Conductor(spec, ledger, scheduler)


def drive(folder: Path, spec: SweepSpec, reports: int = 10_000) -> list[TrialRecord]:
    """One trial after another, until the end or so many reports."""
    conductor = conductor_of(folder, spec)
    while reports and (job := conductor.next_job()) is not None:
        for step in range(conductor.ledger.trial(job.number).epochs + 1, job.epochs + 1):
            reports -= 1
            metrics = {"val/accuracy": value(job.number, step)}
            if not conductor.report(job.number, Report(step, metrics, float(step))) or not reports:
                break
        if reports:
            conductor.finished(job.number)
    if reports:
        conductor.close()
    return Ledger.open(folder).trials()


def change(folder: Path, spec: SweepSpec, **how: Any) -> tuple[SweepSpec, list[str]]:
    after = SweepSpec.read(laid_over(spec.describe(), **how))
    return go_on_under(Ledger.open(folder, read_only=False), spec, after)


def width(trial: TrialRecord) -> int:
    return int(trial.choices["architecture"]["width"])


def outcome(trials: list[TrialRecord]) -> list[Any]:
    return [(it.number, it.state, dict(it.params), dict(it.curve), it.cause) for it in trials]


def test_trials_in_a_narrower_space_are_kept_and_the_others_set_aside(tmp_path: Path) -> None:
    spec = SweepSpec.read(BASE)
    before = drive(tmp_path, spec)
    outside = [trial.number for trial in before if width(trial) > 64]
    assert 0 < len(outside) < 8
    changed, told = change(tmp_path, spec, space=NARROW)
    assert told[0] == f"{8 - len(outside)} of 8 trials are kept"
    assert told[1] == f"  {len(outside)} set aside: architecture.mlp.width must be in 8 .. 64"
    assert changed.budget.trials == 8 + len(outside)
    kept = Ledger.open(tmp_path).trials()
    assert [(it.number, it.curve, it.choices, it.params) for it in kept] == [
        (it.number, it.curve, it.choices, it.params) for it in before
    ]
    assert [it.number for it in kept if it.set_aside] == outside
    causes = {it.number: it.cause for it in kept}
    aside = "set aside: architecture.mlp.width must be in 8 .. 64"
    assert causes == {number: aside if number in outside else None for number in range(8)}
    after = drive(tmp_path, changed)
    assert len(after) == 8 + len(outside)
    assert all(width(trial) <= 64 for trial in after[8:])
    assert all(trial.state is State.COMPLETE for trial in after)


def test_a_list_of_options_may_change_which_optuna_alone_refuses(tmp_path: Path) -> None:
    spec = SweepSpec.read({**BASE, "architecture": {"mlp": {"depth": 1}, "linear": None}})
    before = drive(tmp_path, spec)
    linear = [trial.number for trial in before if trial.choice("architecture") == "linear"]
    changed, told = change(tmp_path, spec, space={"architecture": {"mlp": {"depth": 1}, "lenet": None}})
    assert told[1] == f"  {len(linear)} set aside: architecture must be one of mlp | lenet"
    after = drive(tmp_path, changed)
    assert {trial.choice("architecture") for trial in after[8:]} <= {"mlp", "lenet"}
    path = tmp_path / "ledger.journal"
    study = optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(str(path))))
    assert [trial.number for trial in study.trials] == list(range(len(after)))
    assert study.study_name == "toy"


@pytest.mark.parametrize("searcher", ["random", "tpe", "auto", "quasi_random", "nsga2", "cmaes", "gp"])
def test_no_searcher_hears_of_what_was_set_aside(tmp_path: Path, searcher: str) -> None:
    spec = SweepSpec.read({**BASE, "budget": {"trials": 14, "epochs": 2}})
    drive(tmp_path, spec)
    changed, _ = change(tmp_path, spec, space=NARROW, searcher=searcher)
    after = drive(tmp_path, changed)
    assert len(after) == changed.budget.trials > 14
    assert all(width(trial) <= 64 for trial in after[14:])


@pytest.mark.parametrize("scheduler", ["asha", "hyperband", "median", "freeze_thaw", "none"])
@pytest.mark.parametrize("at", [5, *(pytest.param(at, marks=pytest.mark.slow) for at in (17, 10_000))])
def test_another_scheduler_takes_over_and_an_interruption_changes_nothing(
    tmp_path: Path, scheduler: str, at: int
) -> None:
    spec = SweepSpec.read({**BASE, "scheduler": "median" if scheduler == "none" else "none"})
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    for folder in (whole, pieces):
        drive(folder, spec, at)
        changed, _ = change(folder, spec, scheduler=scheduler, space=NARROW)
    expected = drive(whole, changed)
    for _ in range(60):
        drive(pieces, changed, 3)
    found = drive(pieces, changed)
    assert outcome(found) == outcome(expected)
    assert all(trial.state.finished for trial in found)
    assert len([trial for trial in found if not trial.set_aside]) == 8


@pytest.mark.parametrize(
    ("reports", "told"),
    [
        (1, ["the last 2 of its `points` were not tried yet and go"]),
        (5, ["the last of its `points` was not tried yet and goes"]),
        (9, []),
    ],
)
def test_points_that_were_not_tried_yet_do_not_go_in_silence(tmp_path: Path, reports: int, told: list[str]) -> None:
    points = [{"architecture.mlp.width": width} for width in (16, 32, 64)]
    spec = SweepSpec.read({**BASE, "points": points})
    drive(tmp_path, spec, reports)
    changed, lines = change(tmp_path, spec, space=NARROW)
    assert changed.first_points == ()
    rest = " with the old space: `tuner enqueue toy` tries others"
    assert [line for line in lines if "points" in line] == [f"{line}{rest}" for line in told]


def test_a_running_trial_that_does_not_fit_is_pruned_with_the_reason(tmp_path: Path) -> None:
    spec = SweepSpec.read(BASE)
    running = drive(tmp_path, spec, 2)[0]
    narrow = {"architecture": {"mlp": {"width": width(running) - 1, "depth": 1}}}
    change(tmp_path, spec, space=narrow)
    (trial,) = Ledger.open(tmp_path).trials()
    assert trial.state is State.PRUNED
    assert trial.cause == f"set aside: architecture.mlp.width is fixed at {width(running) - 1}"
    assert trial.curve == running.curve


def test_a_trial_that_was_set_aside_counts_again_where_it_fits(tmp_path: Path) -> None:
    spec = SweepSpec.read(BASE)
    before = drive(tmp_path, spec)
    narrow, _ = change(tmp_path, spec, space=NARROW)
    again, told = change(tmp_path, narrow, space={"architecture": BASE["architecture"]})
    assert told == ["8 of 8 trials are kept"]
    assert again.budget.trials == 8
    assert outcome(Ledger.open(tmp_path).trials()) == outcome(before)


def test_half_a_change_is_none(tmp_path: Path) -> None:
    spec = SweepSpec.read({**BASE, "budget": {"trials": 3, "epochs": 1}})
    before = outcome(drive(tmp_path, spec))
    path = tmp_path / "ledger.journal"
    content = path.read_bytes()
    (tmp_path / ".ledger.journal.new").write_bytes(content[:700])  # what a process leaves that was killed meanwhile
    with pytest.raises(ZeroDivisionError):
        Ledger.open(tmp_path, read_only=False).rebuild(lambda trial: 1 // 0, {}, {})
    assert path.read_bytes() == content
    assert sorted(it.name for it in tmp_path.iterdir()) == ["ledger.journal", "trials"]
    change(tmp_path, spec, scheduler="asha")
    assert path.read_bytes().startswith(content)
    assert outcome(Ledger.open(tmp_path).trials()) == before


def test_a_population_does_not_change_its_space(tmp_path: Path) -> None:
    spec = SweepSpec.read({**BASE, "scheduler": "pbt"})
    drive(tmp_path, spec, 4)
    with pytest.raises(SweepError, match=r"pbt trains all its trials together.*warm_start: toy"):
        change(tmp_path, spec, space=NARROW)
    other = SweepSpec.read(BASE)
    drive(tmp_path / "other", other, 4)
    with pytest.raises(SweepError, match="pbt trains all its trials together"):
        change(tmp_path / "other", other, scheduler="pbt")


def test_a_file_without_a_space_is_refused() -> None:
    with pytest.raises(SpecError, match=r"space: must say what varies \(dataset, architecture, .*got only budget"):
        laid_over(BASE, space={"budget": {"trials": 3}})
