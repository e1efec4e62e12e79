"""Whoever wants to know what happens in a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.records import Report, SweepRecord, TrialRecord

if TYPE_CHECKING:
    from tuner.warm_start import WarmStart


class Observer:
    """Is told what happens; does nothing by itself. Subclasses override what they care about."""

    def warmed(self, start: WarmStart) -> None:
        """A new sweep has taken something from earlier ones, or has found nothing there."""

    def resumed(self, record: SweepRecord) -> None:
        """A sweep goes on: what there is of it so far."""

    def started(self, trial: TrialRecord) -> None:
        """A trial starts, or goes on after a pause."""

    def reported(self, number: int, report: Report) -> None:
        """A trial has done an epoch."""

    def noted(self, text: str) -> None:
        """Something is worth a line: a checkpoint is damaged, a worker was lost, somebody has asked for something."""

    def ended(self, trial: TrialRecord) -> None:
        """A trial is finished, stopped, failed or paused: its state says which."""
