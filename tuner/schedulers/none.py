"""No early stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner import rungs
from tuner.schedulers import NOTHING, Scheduler

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective


class RunToTheEnd(Scheduler):
    """Every trial trains all its epochs, in the order of their numbers (Ray's FIFOScheduler)."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """Ray's own."""
        from ray.tune.schedulers import FIFOScheduler

        return FIFOScheduler()

    def plan(self, epochs: int, trials: int) -> list[str]:
        """One line: all trials, all epochs."""
        return [rungs.describe([trials], [epochs]), f"{trials * epochs} epochs in all"]
