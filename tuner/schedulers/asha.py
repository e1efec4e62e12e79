"""Asynchronous successive halving."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from tuner import rungs
from tuner.rungs import Answer, Ranking, Rung
from tuner.schedulers import NOTHING, Scheduler

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective


class Asha(Scheduler):
    """Asynchronous successive halving: the best third at each rung goes on (Li et al., MLSys 2020, Algorithm 2).

    A trial that comes to a rung waits there unless it is among the best 1/`reduction_factor` of all that have come to
    it so far. A free worker takes up the best waiting trial that has come to be among them, from the highest rung
    downwards; if there is none, it starts a new trial. At the end the best of the highest rung is trained on until one
    trial has done all its epochs.
    """

    reduction_factor: int = Field(default=3, ge=2)
    """One in so many trials goes on from each rung, for so many times as many epochs."""
    grace_epochs: int = Field(default=1, ge=1)
    """The epochs that every trial trains: the first rung."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, with its rungs still empty."""
        from tuner.schedulers._on_rungs import OnRungs

        return OnRungs(Promotions(self._levels(epochs), epochs, trials, self.reduction_factor), objective)

    def plan(self, epochs: int, trials: int) -> list[str]:
        """How many trials come to which epoch if each rung promotes exactly its share, and what that costs."""
        at = [*self._levels(epochs), epochs]
        counts = [trials]
        for _ in at[1:]:
            counts.append(max(1, counts[-1] // self.reduction_factor))
        whole = epochs * trials
        return [f"about {rungs.describe(counts, at)}", f"about {rungs.cost(counts, at)} of {whole} epochs in all"]

    def _levels(self, epochs: int) -> list[int]:
        return rungs.levels(self.grace_epochs, epochs, self.reduction_factor)


class Promotions:
    """The rungs of one sweep.

    A trial that is among the best when it reports goes on at once. That is the promotion which Algorithm 2 would make
    a moment later: one report lets at most one more trial of its rung be promoted and none of another rung, and if the
    reporting trial is among the best, it is that one. How many go on depends on the rung's scores alone, so telling
    the same reports again gives the same answers.

    Args:
        levels: The rungs, lowest first.
        epochs: What a whole training takes.
        trials: How many trials there will be.
        factor: One in so many goes on.
    """

    def __init__(self, levels: list[int], epochs: int, trials: int, factor: int) -> None:
        self.given_up: list[int] = []
        self.rungs = [Rung(level) for level in levels]
        self._epochs, self._trials, self._factor = epochs, trials, factor
        self._entered = 0
        self._one_is_whole = False
        self._at: dict[int, Rung] = {}
        """The highest rung that each trial has come to, if it can still go on from there."""
        self._resting = {level: Ranking() for level in levels}

    def enter(self, number: int) -> None:
        """A new trial takes part."""
        self._entered += 1

    def close(self) -> None:
        """There are as many trials as have come."""
        self._trials = self._entered

    def leave(self, number: int) -> None:
        """It goes on from nowhere; its scores stay: they are what others were compared with."""
        if (rung := self._at.pop(number, None)) is not None:
            self._resting[rung.level].remove(number, rung.scores[number])

    def report(self, number: int, epoch: int, score: float) -> Answer:
        """Go on between rungs and among the best of a rung; otherwise wait."""
        if epoch >= self._epochs:
            self._one_is_whole = True
            return "CONTINUE"
        rung = next((rung for rung in reversed(self.rungs) if rung.level <= epoch), None)
        if rung is None or number in rung.scores:
            return "CONTINUE"
        self.leave(number)
        rung.scores[number] = score
        self._at[number] = rung
        self._resting[rung.level].add(number, score)
        return "CONTINUE" if self._among_best(rung, number) else "PAUSE"

    def promoted(self, paused: Collection[int], running: bool) -> int | None:
        """The best one that may go on, of the highest rung that has one."""
        for rung, number in self._first_waiting(paused):
            if self._among_best(rung, number):
                return number
        return None if running else self._closing(paused)

    def _closing(self, paused: Collection[int]) -> int | None:
        """When nothing else is left to do, the best of the highest rung, until one trial is trained to its end."""
        if self._one_is_whole or self._entered < self._trials:
            return None
        return next((number for _, number in self._first_waiting(paused)), None)

    def _among_best(self, rung: Rung, number: int) -> bool:
        return rung.place(number) < len(rung) // self._factor

    def _first_waiting(self, paused: Collection[int]) -> Iterator[tuple[Rung, int]]:
        """The rungs at which trials wait, from the highest down, each with the best that waits there."""
        for rung in reversed(self.rungs):
            if (best := next((number for number in self._resting[rung.level] if number in paused), None)) is not None:
                yield rung, best
