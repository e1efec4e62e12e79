"""The median stopping rule."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING

from pydantic import Field

from tuner import rungs
from tuner.rungs import Answer
from tuner.schedulers import NOTHING, Scheduler

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective


class Median(Scheduler):
    """Median stopping rule: whose best is below what the others had on average stops (Golovin et al., KDD 2017).

    After each epoch a trial's best score so far is compared with the median of the other trials' averages up to the
    same epoch; if it is worse, the trial stops. Only those that have come as far count, stopped ones too, as in Ray's
    MedianStoppingRule; those that failed do not count from the epoch on in which they did. It takes few trials to
    begin, and none is ever picked up again.
    """

    grace_epochs: int = Field(default=1, ge=1)
    """The epochs that every trial trains; averages begin with the last of them."""
    min_samples: int = Field(default=3, ge=1)
    """So many others must have come as far before a trial is stopped."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, with nothing to compare with yet."""
        from tuner.schedulers._on_rungs import OnRungs

        return OnRungs(Averages(self.grace_epochs, self.min_samples), objective)

    def plan(self, epochs: int, trials: int) -> list[str]:
        """Who can be stopped when; how many will be, nobody can say before."""
        return [
            f"at most {rungs.describe([trials], [epochs])}",
            f"from epoch {self.grace_epochs} on, once {self.min_samples} others have come as far: "
            "stop if worse than the median of their averages",
            f"at most {epochs * trials} epochs in all",
        ]


class Averages:
    """Every trial's running average.

    Args:
        grace: The epoch with which averages begin and comparing does.
        least: How many others it takes.
    """

    def __init__(self, grace: int, least: int) -> None:
        self.given_up: list[int] = []
        self._grace, self._least = grace, least
        self._best: dict[int, float] = {}
        self._told: dict[int, tuple[float, int]] = {}
        self._averages: defaultdict[int, list[float]] = defaultdict(list)
        """At each epoch those of the trials that have come to it, in rising order."""

    def enter(self, number: int) -> None:
        """A new trial takes part."""

    def close(self) -> None:
        """Nobody waits for others."""

    def leave(self, number: int) -> None:
        """Its averages stay: they are what others are compared with."""

    def report(self, number: int, epoch: int, score: float) -> Answer:
        """Stop if the best score so far is below the median of the others' averages up to this epoch."""
        self._best[number] = max(score, self._best.get(number, score))
        if epoch < self._grace:
            return "CONTINUE"
        total, count = self._told.get(number, (0.0, 0))
        self._told[number] = total + score, count + 1
        others = self._averages[epoch]
        below = len(others) >= self._least and _below(self._best[number], _median(others))
        insort(others, (total + score) / (count + 1))
        return "STOP" if below else "CONTINUE"

    def promoted(self, paused: Collection[int], running: bool) -> int | None:
        """Nobody: no trial ever waits."""
        return None


def _median(ordered: list[float]) -> float:
    """The middle of numbers in rising order, the mean of the middle two of an even count."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _below(score: float, median: float) -> bool:
    """Whether it is, beyond rounding: an average of equal scores need not equal them to the last bit."""
    return score < median and not math.isclose(score, median, rel_tol=1e-9)
