"""Freezing and thawing as a Ray Tune `TrialScheduler`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.schedulers._on_rungs import OnRungs

if TYPE_CHECKING:
    from tracking.records import Objective
    from tuner.beliefs.thawing import Thawing
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

    def on_trial_error(self, tune_controller: Floor, trial: Seat) -> None:
        """The trial has failed, and its point is to be kept away from."""
        self._beliefs.fail(trial.number)
        super().on_trial_error(tune_controller, trial)

    @property
    def wish(self) -> Wish | None:
        """Which point the next new trial should try, if it matters."""
        return self._beliefs.wish
