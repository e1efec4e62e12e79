"""Trial schedulers, one a file: each builds a Ray Tune `TrialScheduler`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.choice import Choice

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from tracking.records import Objective


class Scheduler(Choice):
    """Decides after each epoch whether a trial goes on, waits or stops."""

    def build(self, objective: Objective, epochs: int, trials: int) -> TrialScheduler:
        """The scheduler for a sweep of `trials` trials of at most `epochs` epochs.

        It is told each report as `{"training_iteration": epoch, metric: value, ...}`. PAUSE ends a trial's work until
        `choose_trial_to_run` names it again; its checkpoint waits. It must decide by what it was told alone, so that
        the ledger's history, told again, brings a new one to the same state.
        """
        raise NotImplementedError

    def plan(self, epochs: int, trials: int) -> list[str]:
        """What will happen, a line a step, for printing before the sweep starts."""
        raise NotImplementedError
