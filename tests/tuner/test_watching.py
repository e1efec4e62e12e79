"""What is said of a sweep while it is driven: whose value is the best, and how long the rest will take."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tracking.ledger import Ledger
from tracking.records import Report, State, TrialRecord
from tuner.drawing import exactly
from tuner.spec import SweepSpec
from tuner.sweep import Sweep
from tuner.watching import Lines, Watcher

SPEC: dict[str, Any] = {"dataset": "digits", "architecture": "mlp", "optimizer": "sgd", "name": "watched"}


class Place:
    """A sweep of six trials, all of them asked for, and who watches it."""

    def __init__(self, folder: Path, **raw: Any) -> None:
        self.spec = SweepSpec.read({**SPEC, "budget": {"trials": 6, "epochs": 9}, **raw})
        goals = self.spec.goals
        self.ledger = Ledger.create(folder, "watched", self.spec.describe(), goals.leading, **goals.attributes)
        self.watcher = Watcher(cast(Sweep, self))
        self.name = "watched"
        for _ in range(6):
            self.watcher.started(self.ledger.ask(exactly(self.spec.space.usual()), self.spec.space.suggest))

    def report(self, number: int, *values: float) -> None:
        for epoch, value in enumerate(values, 1):
            report = Report(epoch, {"val/accuracy": value, "parameters": 10.0 * number}, float(epoch))
            self.ledger.report(number, report)
            self.watcher.reported(number, report)

    def end(self, number: int, state: State) -> None:
        self.watcher.ended(self.ledger.tell(number, state, cause="broken" if state is State.FAIL else None))

    def line(self) -> str:
        return self.watcher.best_line()


def test_of_equals_the_lowest_number_is_the_best_as_on_the_leaderboard(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.line() == "no result yet"
    place.report(3, 0.5, 0.9, 0.9)
    place.report(1, 0.9)
    place.report(4, 0.9)
    assert place.line() == "best val/accuracy 0.9000 (trial 1, epoch 1)"
    assert place.watcher.best == cast(TrialRecord, place.ledger.record().best()).number


def test_the_values_of_a_trial_that_failed_do_not_count(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.report(0, 0.5)
    place.report(1, 0.7, 0.6)
    place.report(2, 0.9)
    place.end(2, State.FAIL)
    assert place.line() == "best val/accuracy 0.7000 (trial 1, epoch 1)"
    place.end(1, State.FAIL)
    place.end(0, State.FAIL)
    assert place.line() == "no result yet"


def test_what_breaks_a_constraint_is_not_the_best(tmp_path: Path) -> None:
    place = Place(tmp_path, constraints={"parameters": {"max": 15}})
    place.report(3, 0.9)
    place.report(1, 0.5)
    assert place.line() == "best val/accuracy 0.5000 (trial 1, epoch 1)"


def test_a_sweep_that_goes_on_knows_what_it_has_come_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    place.report(0, 0.5, 0.9)
    place.end(0, State.COMPLETE)
    place.report(1, 0.6)
    place.end(1, State.FAIL)
    place.report(2, 0.7)
    place.ledger.pause(2, True)
    place.watcher = Watcher(cast(Sweep, place))
    place.watcher.resumed(place.ledger.record())
    assert place.line() == "best val/accuracy 0.9000 (trial 0, epoch 2)"
    assert place.watcher.value(2) == "0.7000"
    assert place.watcher.counts() == "3 running, 1 paused, 1 complete, 1 fail"
    assert place.watcher.time_left() == "?"
    now = place.watcher.since
    monkeypatch.setattr("tuner.watching.time.monotonic", lambda: now)
    place.watcher.started(replace(place.ledger.trial(3)))
    place.report(3, 0.8)
    now += 60
    place.end(3, State.COMPLETE)
    assert place.watcher.time_left() == "2:00"  # two are left, and the one of this turn took a minute
    assert place.line() == "best val/accuracy 0.9000 (trial 0, epoch 2)"


def test_a_line_a_trial_says_what_is_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path)
    place.watcher = Lines(cast(Sweep, place))
    place.watcher.resumed(place.ledger.record())
    place.report(0, 0.5, 0.9)
    place.end(0, State.COMPLETE)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("epoch 2  val/accuracy 0.9000  complete  | best val/accuracy 0.9000 (trial 0, epoch 2)")
