"""What a sweep has spent and reached, by its reports alone: told again, they give the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tracking.goals import Goals
from tracking.records import Report
from tuner import gains
from tuner.seats import ERROR, RUNNING, Seat
from tuner.spec import SweepSpec


@dataclass
class _Spent:
    """One trial: its last epoch, the seconds it has trained, and its best score."""

    epochs: int = 0
    seconds: float = 0.0
    score: float = -math.inf


class Spending:
    """Adds up reports, live or told again, and says when a budget of the whole sweep is spent.

    What a trial had done of an epoch when its worker was killed is in no report, and so not counted.
    """

    def __init__(self, spec: SweepSpec, goals: Goals) -> None:
        self._budget = spec.budget
        self._devices = spec.resources.gpus or spec.resources.cpus
        self._goals = goals
        self._trials: dict[int, _Spent] = {}
        self._reached = ""
        self.epochs = 0
        self.seconds = 0.0

    @property
    def accelerator_hours(self) -> float:
        """Hours of training, each trial's times the GPUs it has, or times its CPUs if it has none."""
        return self.seconds * self._devices / 3600

    def reported(self, number: int, report: Report) -> None:
        """A trial has done an epoch; each is told once, in the order in which they came."""
        trial = self._trials.setdefault(number, _Spent())
        self.epochs += report.step - trial.epochs
        self.seconds += max(0.0, report.seconds - trial.seconds)  # less: it goes on from another's checkpoint
        trial.epochs, trial.seconds = report.step, report.seconds
        metrics, goals = report.metrics, self._goals
        if not goals.finite(metrics) or goals.broken(metrics):
            return
        trial.score = max(trial.score, goals.scores(metrics)[0])
        if goals.reached_by(metrics) and not self._reached:
            self._reached = self._how_reached(number, report)

    def over(self, seats: Mapping[int, Seat]) -> str | None:
        """Why the sweep is over, in words; None while it is not.

        Args:
            seats: Every trial by its number; those at work do not count for the expected gain.
        """
        budget = self._budget
        if self._reached:
            return self._reached
        if budget.total_epochs is not None and self.epochs >= budget.total_epochs:
            return f"the budget of {budget.total_epochs:,} epochs in all is used up"
        if budget.accelerator_hours is not None and self.accelerator_hours >= budget.accelerator_hours:
            return f"the budget of {budget.accelerator_hours:g} accelerator hours is used up"
        if budget.min_gain_per_hour is not None:
            return self._gains_too_little(seats, budget.min_gain_per_hour)
        return None

    def _gains_too_little(self, seats: Mapping[int, Seat], least: float) -> str | None:
        rested = [self._of(seat) for _, seat in sorted(seats.items()) if seat.status != RUNNING]
        gain = gains.gain_per_hour([trial.score for trial in rested], [trial.seconds for trial in rested])
        if gain is None or gain >= least:
            return None
        return f"an hour of training is expected to gain {gain:.2g} {self._goals.leading.metric}, less than {least:g}"

    def _of(self, seat: Seat) -> _Spent:
        """What a trial counts for: a failed one costs, and has no value."""
        found = self._trials.get(seat.number, _Spent())
        return _Spent(found.epochs, found.seconds) if seat.status == ERROR else found

    def _how_reached(self, number: int, report: Report) -> str:
        aimed_at = [it for it in self._goals.objectives if it.target is not None]
        values = ", ".join(f"{it.metric} {report.metrics[it.metric]:.6g}" for it in aimed_at)
        targets = " and ".join(f"{it.target:g}" for it in aimed_at)
        return f"trial {number} reached {values} in epoch {report.step}, the target is {targets}"
