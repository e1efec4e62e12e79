"""Budgets of a whole sweep: when it ends, what it says, and that earlier turns count."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner.conductor import Conductor, Limits
from tuner.errors import SweepError
from tuner.extension import extended
from tuner.spec import SweepSpec

Curve = Callable[[int, int], float]


def spec_of(**raw: Any) -> SweepSpec:
    base = {"dataset": "digits", "architecture": ["linear", "mlp"], "searcher": "random", "scheduler": "none"}
    return SweepSpec.read({**base, **raw})


def conductor_of(folder: Path, spec: SweepSpec, limits: Limits) -> Conductor:
    objective = spec.objective.resolved()
    if (folder / "ledger.journal").exists():
        ledger = Ledger.open(folder, read_only=False)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger.create(folder, "toy", spec.describe(), objective)
    scheduler = spec.scheduler_choice.build(objective, spec.budget.epochs, spec.trials)
    return Conductor(spec, ledger, scheduler, limits=limits)


def drive(folder: Path, spec: SweepSpec, curve: Curve, *, stop_after: int = 0, hours: float = 1.0) -> str:
    """One trial after another, an epoch takes so many hours; why it ended. Interrupted after so many reports."""
    limits, done = Limits(), 0
    conductor = conductor_of(folder, spec, limits)
    while (job := conductor.next_job()) is not None:
        for step in range(conductor.ledger.trial(job.number).epochs + 1, job.epochs + 1):
            done += 1
            if done == stop_after:
                limits.stop("interrupted", interrupted=True)
            metrics = {conductor.ledger.objective.metric: curve(job.number, step)}
            if not conductor.report(job.number, Report(step, metrics, 3600 * hours * step)):
                break
        conductor.finished(job.number)
    conductor.close()
    return limits.reason


def epochs(folder: Path) -> list[int]:
    return [trial.epochs for trial in Ledger.open(folder).trials()]


def test_a_target_ends_the_sweep_with_the_trial_that_reaches_it(tmp_path: Path) -> None:
    spec = spec_of(objective={"target": 0.75}, budget={"trials": 9, "epochs": 4})
    reason = drive(tmp_path, spec, lambda number, step: 0.1 * number + 0.05 * step)
    # trial 6 has 0.65, 0.7, 0.75
    assert epochs(tmp_path) == [4] * 6 + [3]
    assert reason == "trial 6 reached val/accuracy 0.75 in epoch 3, the target is 0.75"
    assert Ledger.open(tmp_path).trials()[-1].state is State.PRUNED


def test_a_target_of_a_loss_is_reached_from_above(tmp_path: Path) -> None:
    spec = spec_of(objective={"metric": "val/loss", "target": 0.5}, budget={"trials": 9, "epochs": 2})
    assert "trial 3 reached val/loss 0.5 in epoch 1" in drive(tmp_path, spec, lambda number, step: 0.8 - 0.1 * number)


def test_a_value_that_is_no_number_reaches_no_target(tmp_path: Path) -> None:
    spec = spec_of(objective={"target": 0.9}, budget={"trials": 2, "epochs": 2})
    assert drive(tmp_path, spec, lambda number, step: float("nan") if number else 0.5) == ""
    infinite = drive(tmp_path / "other", spec, lambda number, step: float("inf"))
    assert infinite == ""


def test_epochs_of_all_trials_are_a_budget(tmp_path: Path) -> None:
    spec = spec_of(budget={"trials": 9, "epochs": 4, "total_epochs": 10})
    assert drive(tmp_path, spec, lambda number, step: 0.5) == "the budget of 10 epochs in all is used up"
    assert epochs(tmp_path) == [4, 4, 2]
    assert all(trial.state.finished for trial in Ledger.open(tmp_path).trials())


def test_hours_of_training_are_a_budget(tmp_path: Path) -> None:
    spec = spec_of(budget={"trials": 9, "epochs": 4, "accelerator_hours": 7})
    drive(tmp_path / "one", spec, lambda number, step: 0.5)
    assert epochs(tmp_path / "one") == [4, 3]
    # half a GPU a trial, so half an hour an epoch; without a GPU three CPUs count three
    half = spec_of(budget=spec.budget.model_dump(), resources={"cpus": 3, "gpus": 0.5})
    drive(tmp_path / "half", half, lambda number, step: 0.5)
    assert epochs(tmp_path / "half") == [4, 4, 4, 2]
    cpus = spec_of(budget=spec.budget.model_dump(), resources={"cpus": 3})
    reason = drive(tmp_path / "cpus", cpus, lambda number, step: 0.5)
    assert epochs(tmp_path / "cpus") == [3]
    assert reason == "the budget of 7 accelerator hours is used up"


@pytest.mark.parametrize("scheduler", ["none", "asha"])
@pytest.mark.parametrize("budget", [{"total_epochs": 13}, {"accelerator_hours": 13}])
def test_what_earlier_turns_spent_counts(tmp_path: Path, scheduler: str, budget: dict[str, float]) -> None:
    spec = spec_of(scheduler=scheduler, budget={"trials": 20, "epochs": 4, **budget})
    whole = drive(tmp_path / "whole", spec, lambda number, step: 0.01 * number)
    for at in (1, 5, 12):
        cut = tmp_path / f"{at}"
        assert drive(cut, spec, lambda number, step: 0.01 * number, stop_after=at) == "interrupted"
        assert drive(cut, spec, lambda number, step: 0.01 * number) == whole
        assert epochs(cut) == epochs(tmp_path / "whole")
        assert sum(epochs(cut)) == 13


def test_a_sweep_whose_budget_is_spent_stays_over(tmp_path: Path) -> None:
    spec = spec_of(objective={"target": 0.75}, budget={"trials": 9, "epochs": 4})
    reason = drive(tmp_path, spec, lambda number, step: 0.1 * number + 0.05 * step)
    before = Ledger.open(tmp_path).trials()
    assert drive(tmp_path, spec, lambda number, step: 0.0) == reason
    assert Ledger.open(tmp_path).trials() == before


def test_a_plateau_ends_a_sweep_that_asks_for_gains(tmp_path: Path) -> None:
    def curve(number: int, step: int) -> float:
        return min(0.05 * number, 0.9)

    spec = spec_of(budget={"trials": 200, "epochs": 1, "min_gain_per_hour": 0.001})
    reason = drive(tmp_path / "whole", spec, curve)
    assert reason == "an hour of training is expected to gain 0 val/accuracy, less than 0.001"
    # nothing is gained after trial 18: the later half of 39 trials, and at least twenty, are all alike
    assert len(epochs(tmp_path / "whole")) == 39
    drive(tmp_path / "cut", spec, curve, stop_after=25)
    assert drive(tmp_path / "cut", spec, curve) == reason
    assert len(epochs(tmp_path / "cut")) == 39


def test_a_sweep_that_gains_does_not_end_for_want_of_gains(tmp_path: Path) -> None:
    spec = spec_of(budget={"trials": 60, "epochs": 1, "min_gain_per_hour": 0.001})
    assert drive(tmp_path, spec, lambda number, step: 0.01 * number) == ""
    assert len(epochs(tmp_path)) == 60


def test_no_sweep_ends_for_want_of_gains_before_twenty_trials(tmp_path: Path) -> None:
    spec = spec_of(budget={"trials": 60, "epochs": 1, "min_gain_per_hour": 100.0})
    drive(tmp_path, spec, lambda number, step: 0.5)
    assert len(epochs(tmp_path)) == 20


RAW: dict[str, Any] = {
    "objective": {"metric": "val/accuracy", "mode": "max", "target": 0.9},
    "budget": {"trials": 3, "minutes": None, "total_epochs": 10, "accelerator_hours": None},
}
NONE = {"trials": 0, "minutes": 0.0, "total_epochs": 0, "accelerator_hours": 0.0}


def test_more_of_a_budget_is_added_to_it() -> None:
    grown = extended(RAW, {**NONE, "trials": 2, "total_epochs": 5}, target=0.95)
    assert grown["budget"] == {**RAW["budget"], "trials": 5, "total_epochs": 15}
    assert grown["objective"] == {"metric": "val/accuracy", "mode": "max", "target": 0.95}
    assert extended(RAW, NONE, target=0.95)["budget"] == RAW["budget"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "positive number of additional trials, got 0; or of minutes, total epochs or accelerator hours, or anot"),
        ({"minutes": -1.0}, "positive number of additional minutes, got -1"),
        ({"minutes": 5.0}, "has no budget of minutes, so there is nothing to add to"),
        ({"trials": 2, "accelerator_hours": 1.0}, "has no budget of accelerator hours"),
    ],
)
def test_nothing_to_add_or_nothing_to_add_to_is_refused(more: dict[str, float], message: str) -> None:
    with pytest.raises(SweepError, match=message):
        extended(RAW, {**NONE, **more}, target=None)
