"""Freezing and thawing as a Ray Tune `TrialScheduler`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tuner.schedulers._on_rungs import OnRungs

if TYPE_CHECKING:
    from tracking.records import Objective
    from tuner.beliefs.thawing import Thawing
    from tuner.rungs import Answer
    from tuner.searchers import Wish
    from tuner.seats import Floor, Seat


class OnBeliefs(OnRungs):
    """Tells the book each trial's point too, and its failures."""

    def __init__(self, book: Thawing, objective: Objective) -> None:
        super().__init__(book, objective)
        self._beliefs = book

    def on_trial_add(self, tune_controller: Floor, trial: Seat) -> None:
        """A new trial takes part, at its point."""
        self._beliefs.meet(trial.number, trial.config)
        super().on_trial_add(tune_controller, trial)

    def on_trial_result(self, tune_controller: Floor, trial: Seat, result: dict[str, Any]) -> Answer:
        """Whether the trial goes on or waits; how long it took so far matters."""
        self._beliefs.clock(trial.number, result["training_iteration"], result.get("time_total_s", math.nan))
        return super().on_trial_result(tune_controller, trial, result)

    def on_trial_error(self, tune_controller: Floor, trial: Seat) -> None:
        """The trial has failed, and its point is to be kept away from."""
        self._beliefs.fail(trial.number)
        super().on_trial_error(tune_controller, trial)

    @property
    def wish(self) -> Wish | None:
        """Which point the next new trial should try, if it matters."""
        return self._beliefs.wish
