"""Several objectives and constraints, from the spec to the ledger, with a runner that trains nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tracking.leaderboard import front
from tracking.ledger import Ledger
from tracking.lines import LedgerError
from tracking.records import Report, State
from tuner.conductor import Conductor, Limits
from tuner.spec import SweepSpec

Metrics = Mapping[str, float]
Curve = Callable[[int, int], Metrics]
BASE: dict[str, Any] = {
    "dataset": "digits",
    "architecture": ["linear", "mlp"],
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 6, "epochs": 3},
}
SMALL: dict[str, Any] = {"constraints": {"parameters": {"max": 100}}}
BOTH: dict[str, Any] = {"objectives": [{"metric": "val/accuracy"}, {"metric": "parameters"}]}


class KilledError(BaseException):
    """The driver is gone, with nothing said."""


def conductor_of(folder: Path, spec: SweepSpec, limits: Limits | None = None) -> Conductor:
    if (folder / "ledger.journal").exists():
        ledger = Ledger.open(folder, read_only=False)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger.create(folder, "toy", spec.describe(), spec.goals.leading, **spec.goals.attributes)
    scheduler = spec.scheduler_choice.build(
        ledger.objective, spec.budget.epochs, spec.budget.trials, spec.space, spec.seed
    )
    return Conductor(spec, ledger, scheduler, limits=limits or Limits())


def drive(folder: Path, spec: SweepSpec, curve: Curve, *, kill_after: int = 0) -> Conductor:
    """One trial after another; before its first epoch each says how large it is, if that is constrained."""
    conductor, said = conductor_of(folder, spec), 0
    while (job := conductor.next_job()) is not None:
        done = conductor.ledger.trial(job.number).epochs
        sizes = {key: value for key, value in curve(job.number, 1).items() if key == "parameters"}
        steps = range(done + 1, job.epochs + 1)
        first = [Report(0, sizes, 0.0)] if not done and sizes and job.constraints else []
        for report in [*first, *(Report(step, curve(job.number, step), float(step)) for step in steps)]:
            said += 1
            going_on = conductor.report(job.number, report)
            if said == kill_after:
                raise KilledError
            if not going_on:
                break
        conductor.finished(job.number)
    conductor.close()
    return conductor


def outcome(folder: Path) -> list[tuple[Any, ...]]:
    trials = Ledger.open(folder).trials()
    return [(it.number, it.state, dict(it.curve), it.standing, it.cause, dict(it.params)) for it in trials]


def sized(number: int, step: int) -> Metrics:
    """The larger the better: accuracy rises with the parameters, 40 a trial, and with the epochs."""
    return {"val/accuracy": 0.1 * (number + 1) + 0.01 * step, "parameters": 40.0 * (number + 1)}


def test_optuna_is_told_every_objective_of_the_report_that_the_trial_stands_for(tmp_path: Path) -> None:
    def falling(number: int, step: int) -> Metrics:
        return {"val/accuracy": 0.5 - 0.1 * step, "parameters": 10.0 * step + number}

    study = drive(tmp_path, SweepSpec.read({**BASE, **BOTH}), falling).ledger.study
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert [trial.values for trial in study.trials] == [[0.4, 10.0 + number] for number in range(6)]
    assert [trial.number for trial in study.best_trials] == [0]


def test_the_front_of_a_sweep(tmp_path: Path) -> None:
    record = drive(tmp_path, SweepSpec.read({**BASE, **BOTH}), sized).ledger.record()
    assert front(record)["trial"].tolist() == [5, 4, 3, 2, 1, 0]
    best = record.best()
    assert best is not None
    assert best.number == 5
    assert best.values == {"val/accuracy": pytest.approx(0.63), "parameters": 240.0}


def test_a_network_beyond_its_limit_costs_no_epoch(tmp_path: Path) -> None:
    ledger = drive(tmp_path, SweepSpec.read({**BASE, **SMALL}), sized).ledger
    trials = ledger.trials()
    assert [trial.epochs for trial in trials] == [3, 3, 0, 0, 0, 0]
    assert [trial.state for trial in trials] == [State.COMPLETE] * 2 + [State.PRUNED] * 4
    assert trials[2].cause == "breaks a constraint: parameters 120, at most 100"
    assert [trial.constraints["parameters"] for trial in ledger.study.trials[:3]] == pytest.approx([-0.6, -0.2, 0.2])
    best = ledger.record().best()
    assert best is not None
    assert best.number == 1
    assert [trial.number for trial in ledger.study.best_trials] == [1]


def test_a_constraint_that_stays_broken_stops_its_trial_with_the_first_report(tmp_path: Path) -> None:
    spec = SweepSpec.read({**BASE, "constraints": {"latency_ms": {"max": 2.5}}})
    ledger = drive(tmp_path, spec, lambda number, step: {"val/accuracy": 0.5, "latency_ms": float(number)}).ledger
    assert [trial.epochs for trial in ledger.trials()] == [3, 3, 3, 1, 1, 1]
    assert ledger.trial(5).cause == "breaks a constraint: latency_ms 5, at most 2.5"


def test_a_trial_stands_for_its_best_report_that_keeps_the_constraints(tmp_path: Path) -> None:
    recalls = {1: 0.9, 2: 0.95, 3: 0.5}
    spec = SweepSpec.read({**BASE, "budget": {"trials": 1, "epochs": 3}, "constraints": {"val/recall": {"min": 0.9}}})
    ledger = drive(tmp_path, spec, lambda n, step: {"val/accuracy": 0.1 * step, "val/recall": recalls[step]}).ledger
    (trial,) = ledger.trials()
    assert trial.state is State.COMPLETE
    assert trial.best(ledger.objective) == (2, 0.2)
    assert ledger.study.trials[0].value == 0.2
    assert ledger.study.trials[0].constraints["val/recall"] <= 0


def test_a_target_counts_only_where_the_constraints_are_kept(tmp_path: Path) -> None:
    raw = {**BASE, "objective": {"target": 0.3}, "constraints": {"val/recall": {"min": 0.5}}}
    conductor = drive(
        tmp_path, SweepSpec.read(raw), lambda number, step: {"val/accuracy": 0.9, "val/recall": 0.2 * number}
    )
    assert conductor.limits.reason == "trial 3 reached val/accuracy 0.9 in epoch 1, the target is 0.3"


def test_targets_of_several_objectives_are_reached_together(tmp_path: Path) -> None:
    both = [{"metric": "val/accuracy", "target": 0.3}, {"metric": "parameters", "target": 200}]
    raw = {**BASE, "objectives": both, "budget": {"trials": 9, "epochs": 3}}
    conductor = drive(tmp_path, SweepSpec.read(raw), sized)
    assert "trial 2 reached val/accuracy 0.31, parameters 120 in epoch 1" in conductor.limits.reason


def test_a_further_objective_that_is_no_number_fails_its_trial(tmp_path: Path) -> None:
    spec = SweepSpec.read({**BASE, **BOTH})
    nan = float("nan")
    ledger = drive(tmp_path, spec, lambda n, step: {"val/accuracy": 0.5, "parameters": nan if n == 1 else 5.0}).ledger
    assert [trial.state for trial in ledger.trials()][:3] == [State.COMPLETE, State.FAIL, State.COMPLETE]
    assert ledger.trial(1).cause == "parameters became nan in epoch 1"
    assert [row.number for row in ledger.study.best_trials] == [0, 2, 3, 4, 5]


def test_a_report_without_a_constrained_metric_is_refused(tmp_path: Path) -> None:
    conductor = conductor_of(tmp_path, SweepSpec.read({**BASE, **SMALL}))
    assert conductor.next_job() is not None
    with pytest.raises(LedgerError, match="every report must have the sweep's metric 'parameters'"):
        conductor.report(0, Report(1, {"val/accuracy": 0.5}, 1.0))


def test_a_sweep_with_one_objective_keeps_nothing_more(tmp_path: Path) -> None:
    ledger = drive(tmp_path, SweepSpec.read(BASE), lambda number, step: {"val/accuracy": 0.5}).ledger
    assert {key for trial in ledger.study.trials for key in trial.user_attrs} == {"choices", "seconds", "place"}
    assert not any(trial.system_attrs for trial in ledger.study.trials)
    assert {"further", "constraints"}.isdisjoint(ledger.study.user_attrs)
    assert {"objectives", "constraints", "measure"}.isdisjoint(SweepSpec.read(BASE).describe())


def mixed(number: int, step: int) -> Metrics:
    """Trials 2 and 4 are too large, trial 3 too slow; the others differ in everything."""
    size = 500.0 if number in (2, 4) else 10.0 + number
    slow = 9.0 if number == 3 else 1.0
    return {"val/accuracy": 0.3 + 0.05 * (number * 7 % 5) + 0.02 * step, "parameters": size, "latency_ms": slow}


@pytest.mark.parametrize("scheduler", ["none", "asha", "hyperband"])
def test_a_killed_sweep_ends_as_one_never_killed(tmp_path: Path, scheduler: str) -> None:
    limits = {"parameters": {"max": 100}, "latency_ms": {"max": 5}}
    budget = {"trials": 8, "epochs": 4}
    spec = SweepSpec.read({**BASE, **BOTH, "scheduler": scheduler, "constraints": limits, "budget": budget})
    drive(tmp_path / "whole", spec, mixed)
    whole = outcome(tmp_path / "whole")
    assert {(entry[0], entry[1]) for entry in whole} >= {(2, State.PRUNED), (3, State.PRUNED), (4, State.PRUNED)}
    for at in range(1, 16, 2):
        with pytest.raises(KilledError):
            drive(tmp_path / f"{at}", spec, mixed, kill_after=at)
        drive(tmp_path / f"{at}", spec, mixed)
        assert outcome(tmp_path / f"{at}") == whole, f"killed after {at}"


@pytest.mark.parametrize(
    "searcher", ["random", "quasi_random", "grid", "tpe", pytest.param("gp", marks=pytest.mark.slow), "nsga2"]
)
def test_searchers_that_take_several_objectives_and_constraints_do(tmp_path: Path, searcher: str) -> None:
    mlp = {"mlp": {"width": {"low": 8, "high": 64}, "depth": 1, "activation": "relu", "dropout": 0.1}}
    optimizer = {"adamw": {"lr": {"low": 1e-4, "high": 1e-1, "log": True}, "weight_decay": 0.01}}
    option = {searcher: {"startup": 4}} if searcher in ("tpe", "gp") else searcher
    spaces = {"architecture": mlp, "optimizer": optimizer, "training": {"batch_size": 64}, "searcher": option}
    spec = SweepSpec.read({**BASE, **BOTH, **spaces, **SMALL, "budget": {"trials": 14, "epochs": 1}})
    ledger = drive(tmp_path, spec, mixed).ledger
    assert len(ledger.trials()) == 14
    assert all(trial.state.finished for trial in ledger.trials())
