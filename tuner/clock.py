"""How long a sweep has been driven by the clock, all its turns together: kept in its ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tracking.records import Report, TrialRecord
from tuner.observer import Observer

if TYPE_CHECKING:
    from tracking.ledger import Ledger

KEY = "driven_seconds"
EVERY_SECONDS = 10.0
"""A driver that is killed loses the time since the last note: at most so much, or as long as nothing was reported."""


def driven_seconds(ledger: Ledger) -> float:
    """The seconds that earlier turns took."""
    found: float = ledger.study.user_attrs.get(KEY, 0.0)
    return found


class Clock(Observer):
    """Passes everything on to another observer, and notes the time now and then."""

    def __init__(self, ledger: Ledger, observer: Observer) -> None:
        self._ledger = ledger
        self._observer = observer
        self._before = driven_seconds(ledger)
        self._since = self._noted = time.monotonic()

    def started(self, trial: TrialRecord) -> None:
        """A trial starts."""
        self._observer.started(trial)

    def reported(self, number: int, report: Report) -> None:
        """A trial has done an epoch."""
        if time.monotonic() - self._noted >= EVERY_SECONDS:
            self.note()
        self._observer.reported(number, report)

    def ended(self, trial: TrialRecord) -> None:
        """A trial is finished, stopped, failed or paused."""
        self._observer.ended(trial)

    def noted(self, text: str) -> None:
        """Something is worth a line."""
        self._observer.noted(text)

    def note(self) -> None:
        """Keep the seconds until now, those of earlier turns counted."""
        self._noted = time.monotonic()
        self._ledger.note(KEY, round(self._before + self._noted - self._since, 3))


@contextmanager
def clocked(ledger: Ledger, observer: Observer) -> Iterator[Clock]:
    """Count the time inside as time in which the sweep is driven."""
    clock = Clock(ledger, observer)
    try:
        yield clock
    finally:
        clock.note()
