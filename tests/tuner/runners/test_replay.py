"""Replay against timelines worked out by hand: each trial's height, pace and breaking point are given as points."""

import math
from pathlib import Path
from typing import Any

import pytest

from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner import recorded
from tuner.conductor import Conductor, Observer
from tuner.runners import replay
from tuner.sections import Budget, ObjectiveSpec
from tuner.simulation import RecordedSpec
from tuner.traces import Trace


class Diary(Observer):
    def __init__(self) -> None:
        self.reports: list[tuple[int, int]] = []

    def reported(self, number: int, report: Report) -> None:
        self.reports.append((number, report.step))


def conductor_of(
    task: recorded.RecordedTask, ledger: Ledger, points: list[dict[str, Any]], scheduler: str, trials: int
) -> Conductor:
    spec = RecordedSpec(
        dataset="",
        architecture="",
        recorded=task.space,
        searcher="random",
        scheduler=scheduler,
        points=points,
        objective=ObjectiveSpec(metric="value", mode=task.objective.mode),
        budget=Budget(trials=trials, epochs=task.epochs[-1]),
    )
    built = spec.scheduler_choice.build(task.objective, spec.budget.epochs, spec.trials)
    return Conductor(spec, ledger, built, Diary())


def played(
    folder: Path, points: list[tuple[float, float]], workers: int, scheduler: str = "none", **budget: float
) -> tuple[Trace, list[tuple[int, int]], Ledger]:
    """Trials of the task `plain` with these heights and paces; the trace, who reported when, and the ledger."""
    task = recorded.load(folder, "plain")
    ledger = Ledger.in_memory("toy", {}, task.objective)
    given = [{"height": height, "pace": pace} for height, pace in points]
    conductor = conductor_of(task, ledger, given, scheduler, len(points))
    trace = replay.run(conductor, task, workers, **budget)
    return trace, conductor.observer.reports, ledger  # type: ignore[attr-defined]


def test_one_worker_does_one_trial_after_the_other(recordings: Path) -> None:
    trace, reports, ledger = played(recordings, [(0.9, 1.0), (0.45, 4.0)], workers=1)
    assert reports == [(number, step) for number in (0, 1) for step in range(1, 10)]
    assert [trial.state for trial in ledger.trials()] == [State.COMPLETE] * 2
    assert (trace.trials, trace.trainings, trace.seconds) == (2, pytest.approx(2), 9 * 1 + 9 * 4)
    # the first trial's nine levels are the nine improvements; the other one never comes above 0.45
    assert [(it.seconds, it.value) for it in trace.improvements] == [
        (level, pytest.approx(0.1 * level)) for level in range(1, 10)
    ]
    assert len(trace.suggesting) == 2


def test_workers_share_the_time_and_equal_times_go_by_the_number(recordings: Path) -> None:
    trace, reports, _ = played(recordings, [(0.9, 2.0), (0.8, 1.0), (0.7, 1.0)], workers=2)
    # seconds: number 1 reports at 1 .. 9 and is over; number 2 follows at 10 .. 18, number 0 at 2, 4, .. 18
    timeline = [(2.0 * step, 0, step) for step in range(1, 10)]
    timeline += [(1.0 * step, 1, step) for step in range(1, 10)]
    timeline += [(9.0 + step, 2, step) for step in range(1, 10)]
    assert reports == [(number, step) for _, number, step in sorted(timeline)]
    assert (trace.seconds, trace.trainings) == (18.0, pytest.approx(3))


def test_going_on_after_a_pause_costs_only_what_was_not_trained_before(recordings: Path) -> None:
    # asha: rungs at 1 and 3 of 9 epochs. Three trials come to epoch 1: the best, number 2, goes on to 3, where it
    # waits; it is the best of the highest rung, and so the one that is trained to its end.
    trace, reports, ledger = played(recordings, [(0.3, 1.0), (0.6, 2.0), (0.9, 4.0)], workers=1, scheduler="asha")
    assert reports == [(0, 1), (1, 1), (2, 1), (2, 2), (2, 3), *[(2, step) for step in range(4, 10)]]
    assert (trace.seconds, trace.trainings) == (1 + 2 + 9 * 4, pytest.approx(2 / 9 + 1))
    assert [trial.epochs for trial in ledger.trials()] == [1, 1, 9]


def test_a_trial_without_a_number_fails_and_what_it_cost_is_spent(recordings: Path) -> None:
    task = recorded.load(recordings, "hills")
    points = [
        {"kind": "late", "breaks": 4, "height": 0.9, "pace": 1.0},
        {"kind": "plain", "height": 0.3, "pace": 1.0},
    ]
    ledger = Ledger.in_memory("toy", {}, task.objective)
    trace = replay.run(conductor_of(task, ledger, points, "none", 2), task, workers=1)
    first, second = ledger.trials()
    assert (first.state, first.cause, second.state) == (State.FAIL, "value became nan in epoch 4", State.COMPLETE)
    assert math.isnan(first.curve[4])
    assert (trace.seconds, trace.trainings) == (4 + 9, pytest.approx(4 / 9 + 1))
    assert trace.best == pytest.approx(0.3)  # what the failed one had reached by then, and the other at its end


@pytest.mark.parametrize(
    ("budget", "spent", "seconds"),
    [
        ({"trainings": 1.5}, 14 / 9, 14.0),  # nine ninths and five: the first report with which 1.5 is reached
        ({"trainings": 1.0}, 1.0, 9.0),  # nine times a ninth is 1 but for rounding
        ({"seconds": 5.5}, 5 / 9, 5.0),
        ({"seconds": 5.0}, 5 / 9, 5.0),
    ],
)
def test_it_stops_when_a_budget_is_spent(
    recordings: Path, budget: dict[str, float], spent: float, seconds: float
) -> None:
    trace, _, _ = played(recordings, [(0.9, 1.0)] + [(0.1 * i, 1.0) for i in range(5)], workers=1, **budget)
    assert (trace.trainings, trace.seconds) == (pytest.approx(spent), seconds)


def test_levels_are_told_as_the_epochs_that_they_are(recordings: Path) -> None:
    task = recorded.load(recordings, "shares")
    ledger = Ledger.in_memory("toy", {}, task.objective)
    points = [{"height": 0.5, "pace": 1.0}]
    trace = replay.run(conductor_of(task, ledger, points, "none", 1), task, workers=1)
    assert list(ledger.trial(0).curve) == [1, 3, 9, 27]
    assert (trace.seconds, trace.trainings, trace.best) == (27.0, pytest.approx(1), 0.5)


def test_a_ledger_on_disk_gives_the_same(recordings: Path, tmp_path: Path) -> None:
    task, found = recorded.load(recordings, "hills"), []
    for name in ("on disk", "in memory"):
        (tmp_path / name).mkdir()
        on_disk = name == "on disk"
        ledger = Ledger.create(tmp_path / name, "toy", {}, task.objective) if on_disk else None
        ledger = ledger or Ledger.in_memory("toy", {}, task.objective)
        trace = replay.run(conductor_of(task, ledger, [], "asha", 20), task, workers=3)
        trials = [(trial.state, trial.params, list(trial.curve), trial.cause) for trial in ledger.trials()]
        found.append((trials, trace.improvements, trace.seconds))
    assert found[0] == found[1]
    assert not list((tmp_path / "in memory").iterdir())
