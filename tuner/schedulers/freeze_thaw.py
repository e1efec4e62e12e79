"""Freezing and thawing trials by a model of their curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tuner import rungs
from tuner.schedulers import NOTHING, Scheduler

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective


class FreezeThaw(Scheduler):
    """Pauses each trial at each rung; a free worker takes up the trial of which a model hopes most; the default.

    The model predicts where each curve ends, from its own beginning and from all others over the space (Swersky, Snoek
    and Adams, arXiv:1406.3896, 2014); hope is the expected improvement of a whole training. A third of the epochs goes
    to asynchronous successive halving (see `asha`), a third to what the model hopes most of, up to the next rung, and a
    third to that up to the end: so a model that is wrong is not only believed. After the last trial has begun the
    best third of each rung goes on, and one trial is trained to its end.

    Where time ends the sweep (a budget in minutes, say), hope is counted per second, and no trial waits where the rest
    of its training is cheap.
    """

    grace_epochs: int = Field(default=1, ge=1)
    """The epochs that every trial trains: the first rung."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, before it has seen anything."""
        from tuner.beliefs.coordinates import Coordinates
        from tuner.beliefs.thawing import Thawing
        from tuner.schedulers._on_beliefs import OnBeliefs

        return OnBeliefs(Thawing(Coordinates(space), self._levels(epochs), epochs, trials, seed), objective)

    def plan(self, epochs: int, trials: int) -> list[str]:
        """The rungs; how many trials come to each is the model's to decide."""
        levels = ", ".join(map(str, self._levels(epochs)))
        waits = f"each trial waits after {levels} epochs" if levels else "no trial waits"
        return [
            f"{waits}, and goes on to {epochs} if a model of the curves, or its rank, says so",
            f"at most {epochs * trials} epochs in all",
        ]

    def _levels(self, epochs: int) -> list[int]:
        from tuner.beliefs.thawing import FACTOR

        return rungs.levels(self.grace_epochs, epochs, FACTOR)
