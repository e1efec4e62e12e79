"""Which checkpoints stay: trials that train nothing, with real files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracking import checkpoints
from tracking.ledger import Ledger
from tracking.records import CheckpointRef, Report
from tuner.conductor import Conductor
from tuner.errors import SpecError
from tuner.limits import Limits
from tuner.observer import Observer
from tuner.retention import Keeper
from tuner.spec import SweepSpec

SIZE = 1000


class Notes(Observer):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def noted(self, text: str) -> None:
        self.texts.append(text)


def spec_of(**raw: Any) -> SweepSpec:
    base = {"dataset": "digits", "architecture": ["linear", "mlp"], "searcher": "random", "scheduler": "none"}
    return SweepSpec.read({**base, "budget": {"trials": 5, "epochs": 3}, **raw})


def save(trial: Path, step: int) -> CheckpointRef:
    return checkpoints.save(trial, step, lambda path: path.write_bytes(b"%d" % (step % 10) * SIZE))


def drive(folder: Path, spec: SweepSpec, finals: list[float], reports: int = 1000, notes: Notes | None = None) -> None:
    """One trial after another; each comes to its final value in its second epoch, and is a bit worse in the third."""
    if (folder / "ledger.journal").exists():
        ledger = Ledger.open(folder, read_only=False)
    else:
        ledger = Ledger.create(folder, "toy", spec.describe(), spec.goals.leading, **spec.goals.attributes)
    scheduler = spec.scheduler_choice.build(ledger.objective, spec.budget.epochs, spec.trials, spec.space, spec.seed)
    conductor = Conductor(spec, ledger, scheduler, Keeper(ledger, spec, notes or Notes()), Limits())
    while reports and (job := conductor.next_job()) is not None:
        for step in range(ledger.trial(job.number).epochs + 1, job.epochs + 1):
            value = finals[job.number] - (step != 2) / 100
            saved = save(job.folder, step)
            checkpoints.keep(job.folder, {step, step - 1, min(step, 2), *job.kept})
            metrics = {"val/accuracy": value, "parameters": 100.0 * (1 + job.number)}
            reports -= 1
            if not conductor.report(job.number, Report(step, metrics, float(step), saved)) or not reports:
                break
        if reports:
            conductor.finished(job.number)
    if reports:
        conductor.close()


def kept(folder: Path) -> dict[int, list[int]]:
    """The steps whose checkpoints are there, by trial."""
    trials = sorted((folder / "trials").iterdir(), key=lambda path: int(path.name))
    return {int(trial.name): [it.step for it in checkpoints.listed(trial)] for trial in trials}


def best_of(folder: Path, number: int) -> CheckpointRef:
    checkpoint = Ledger.open(folder).trial(number).checkpoint
    assert checkpoint is not None
    return checkpoint


def test_of_trials_that_are_over_the_best_of_the_best_stay(tmp_path: Path) -> None:
    drive(tmp_path, spec_of(checkpoints={"keep": 2}), [0.3, 0.9, 0.1, 0.5, 0.7])
    assert kept(tmp_path) == {0: [], 1: [2], 2: [], 3: [], 4: [2]}
    assert checkpoints.whole(best_of(tmp_path, 1))


def test_by_default_the_best_ten(tmp_path: Path) -> None:
    drive(tmp_path, spec_of(budget={"trials": 12, "epochs": 3}), [number / 20 for number in range(12)])
    assert [number for number, steps in kept(tmp_path).items() if steps] == list(range(2, 12))


def test_what_can_be_gone_on_from_stays(tmp_path: Path) -> None:
    drive(tmp_path, spec_of(checkpoints={"keep": 1}), [0.3, 0.9, 0.1, 0.5, 0.7], reports=8)
    assert kept(tmp_path) == {0: [], 1: [2], 2: [1, 2]}


def test_waiting_trials_keep_theirs_until_they_are_given_up(tmp_path: Path) -> None:
    spec = spec_of(checkpoints={"keep": 1}, scheduler={"hyperband": {"reduction_factor": 3}})
    finals = [0.3, 0.9, 0.1, 0.5, 0.7]
    states = []
    for _ in range(12):
        drive(tmp_path, spec, finals, reports=1)
        unfinished = [it for it in Ledger.open(tmp_path).trials() if not it.state.finished]
        states += [it.state for it in unfinished]
        assert all(kept(tmp_path)[it.number][-1] == it.epochs for it in unfinished if it.epochs)
    assert "PAUSED" in states
    drive(tmp_path, spec, finals)
    best = Ledger.open(tmp_path).record().best()
    assert best is not None
    assert best.checkpoint is not None
    assert {number for number, steps in kept(tmp_path).items() if steps} == {best.number}
    assert checkpoints.whole(best.checkpoint)


def test_another_turn_tidies_up_what_an_earlier_one_left(tmp_path: Path) -> None:
    drive(tmp_path, spec_of(), [0.3, 0.9, 0.1, 0.5, 0.7], reports=9)
    checkpoints.save(tmp_path / "trials" / "2", 3, lambda path: path.write_bytes(b"the driver was killed meanwhile"))
    assert kept(tmp_path) == {0: [2], 1: [2], 2: [2, 3]}
    drive(tmp_path, spec_of(checkpoints={"keep": 1}), [0.3, 0.9, 0.1, 0.5, 0.7])
    assert kept(tmp_path) == {0: [], 1: [2], 2: [], 3: [], 4: []}


def test_pinned_ones_stay(tmp_path: Path) -> None:
    spec = spec_of(checkpoints={"keep": 1})
    drive(tmp_path, spec, [0.3, 0.2, 0.9, 0.5, 0.7], reports=4)
    checkpoints.pin(best_of(tmp_path, 0), "digits version 1")
    drive(tmp_path, spec, [0.3, 0.2, 0.9, 0.5, 0.7])
    assert kept(tmp_path) == {0: [2], 1: [], 2: [2], 3: [], 4: []}


def test_over_the_byte_budget_the_worst_go_first(tmp_path: Path) -> None:
    notes = Notes()
    # two checkpoints fit; a trial under way has up to three of its own
    drive(tmp_path, spec_of(checkpoints={"budget_gb": 2.5 * SIZE / 1e9}), [0.3, 0.9, 0.1, 0.5, 0.7], notes=notes)
    assert kept(tmp_path) == {0: [], 1: [2], 2: [], 3: [], 4: [2]}
    assert notes.texts == []


def test_where_nothing_may_go_it_is_said_once(tmp_path: Path) -> None:
    notes = Notes()
    drive(tmp_path, spec_of(checkpoints={"budget_gb": 0.5 * SIZE / 1e9}), [0.3, 0.9, 0.1, 0.5, 0.7], notes=notes)
    assert kept(tmp_path) == {0: [], 1: [2], 2: [], 3: [], 4: []}
    assert len(notes.texts) == 1
    assert "the checkpoints take 1e-06 GB, more than checkpoints.budget_gb 5e-07" in notes.texts[0]


def test_with_several_objectives_the_front_stays(tmp_path: Path) -> None:
    objectives = [{"metric": "val/accuracy"}, {"metric": "parameters"}]
    # more parameters with every trial: 0 and 2 are beaten by none, 1 and 3 are beaten by both
    drive(tmp_path, spec_of(objectives=objectives, checkpoints={"keep": 2}), [0.5, 0.4, 0.9, 0.45, 0.6])
    assert kept(tmp_path) == {0: [2], 1: [], 2: [2], 3: [], 4: []}


def test_what_may_still_be_copied_stays(tmp_path: Path) -> None:
    spec = spec_of(
        scheduler={"pbt": {"interval_epochs": 1}}, budget={"trials": 4, "epochs": 4}, checkpoints={"keep": 1}
    )
    finals = [0.1, 0.9, 0.2, 0.8]
    for _ in range(40):
        drive(tmp_path, spec, finals, reports=1)
        record = Ledger.open(tmp_path).record()
        for trial in record.trials:
            taken = trial.takeovers[-1] if trial.takeovers else None
            if taken and taken.epoch == trial.epochs and not trial.state.finished:
                assert taken.checkpoint is not None
                assert Path(taken.checkpoint.path).exists()
    assert any(trial.takeovers for trial in record.trials)
    assert all(trial.state.finished for trial in record.trials)
    assert len([number for number, steps in kept(tmp_path).items() if steps]) == 1


@pytest.mark.parametrize("given", [{"keep": 0}, {"budget_gb": 0}, {"best": 3}])
def test_senseless_rules_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="checkpoints"):
        spec_of(checkpoints=given)
