"""Which frozen trial to thaw, or whether to begin a new one."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from tuner.beliefs.belief import Belief
from tuner.beliefs.evidence import Evidence, refitted, renewed
from tuner.beliefs.outcomes import Observation
from tuner.beliefs.pace import Pace
from tuner.beliefs.price import KNOWN, Price, learned
from tuner.rungs import Answer, Rung
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search_spaces.space import Point
    from tuner.beliefs.coordinates import Coordinates

    Array = NDArray[np.float64]

STARTUP = 8
"""The trials that begin before the model decides: those that the searcher `auto` begins without it."""

FACTOR = 3
"""Rungs are so many times as many epochs apart, and one trial in so many goes on by its rank."""

Arm = Literal["rank", "hope", "whole"]
"""Who decides: the rank at a rung, the model up to the next rung, or the model up to the end."""
ARMS: tuple[Arm, ...] = get_args(Arm)


class Thawing:
    """The bookkeeping of one sweep: what was seen at the rungs, and what is hoped for from each trial.

    Three ways of deciding share the epochs evenly, the one that has had the fewest comes next. `rank` is asynchronous
    successive halving among its own trials: it tries many points and believes nothing. `hope` takes the trial of which
    the model hopes most, frozen or new, up to its next rung. `whole` takes it up to the end, so that the model sees
    whole trainings where it thinks the best points are, and not only beginnings.

    Args:
        coordinates: The space.
        levels: The rungs, lowest first.
        epochs: Those of a whole training.
        trials: How many trials there will be.
        seed: The sweep's.
    """

    def __init__(self, coordinates: Coordinates, levels: list[int], epochs: int, trials: int, seed: int) -> None:
        self.given_up: list[int] = []
        self.rungs = [Rung(level) for level in levels]
        self._pace = Pace([*levels, epochs])
        self._coordinates, self._epochs, self._trials, self._seed = coordinates, epochs, trials, seed
        self._points: dict[int, Array] = {}
        self._entered = 0
        self._turns: dict[int, Arm] = {}
        """Of each trial at work, who sent it."""
        self._explorers: set[int] = set()
        self._sent_on: set[int] = set()
        """Those that wait on their way to the end."""
        self._spent = dict.fromkeys(ARMS, 0)
        self._told: list[Observation] = []
        self._reached: dict[int, int] = {}
        self._best: dict[int, float] = {}
        self._latest: dict[int, float] = {}
        """Of each trial, the best since it was last at a rung."""
        self._learned: dict[int, Array] = {}
        self._priced: dict[int, Array] = {}
        self._believed: tuple[int, Belief] | None = None
        """The belief without the trials at work, and after how many observations."""
        self._found: Point | None = None
        """The new point of which the model hopes most, if it was asked."""
        self._answer: tuple[tuple[int, int, int], int | None] | None = None

    @property
    def arm(self) -> Arm:
        """Who decides next."""
        if self._entered < STARTUP:
            return "rank"
        return min(ARMS, key=lambda arm: (self._spent[arm], arm))

    @property
    def wish(self) -> Literal["explore"] | Point | None:
        """The point to begin next: one drawn without the model, the one that it found, or whatever comes.

        Where there are no rungs, trainings compare with nothing but one another: then the searcher's points are best.
        """
        if self._entered < STARTUP or not self.rungs:
            return None
        return "explore" if self.arm == "rank" else self._found

    # --- what it is told ---

    def meet(self, number: int, point: Mapping[str, Any]) -> None:
        """Where a trial lies that is about to enter."""
        self._points[number] = self._coordinates.row(point)

    def enter(self, number: int) -> None:
        """A new trial takes part."""
        if self.arm == "rank":
            self._explorers.add(number)
        self._begin(number, self.arm)
        self._entered += 1

    def close(self) -> None:
        """There are as many trials as have come."""
        self._trials = self._entered

    def leave(self, number: int) -> None:
        """A trial is over: what it has shown stays."""
        self._turns.pop(number, None)
        self._sent_on.discard(number)
        self._reached[number] = self._epochs

    def fail(self, number: int) -> None:
        """A trial has failed, in the epoch after those that it reported."""
        self._told.append(Observation(number, self._reached.get(number, 0) + 1, None))
        self.leave(number)

    def clock(self, number: int, epoch: int, seconds: float) -> None:
        """A trial has trained so many epochs in so many seconds; told before it reports that epoch."""
        self._pace.note(number, epoch, seconds)

    def report(self, number: int, epoch: int, score: float) -> Answer:
        """Wait at each rung, unless the way to the next one is cheap."""
        if number not in self._turns:
            self._go_on(number)
        self._reached[number] = epoch
        self._best[number] = min(self._best.get(number, -score), -score)
        self._latest[number] = min(self._latest.get(number, -score), -score)
        rung = next((rung for rung in self.rungs if rung.level == epoch), None)
        if rung is not None or epoch >= self._epochs:
            self._told.append(Observation(number, epoch, self._latest.pop(number)))
        if rung is None:
            return "CONTINUE"
        if number in self._explorers:
            rung.scores[number] = -self._best[number]
        arm = self._turns.pop(number)
        if self._pace.is_unknown(epoch) or self._pace.is_cheap(epoch):
            self._begin(number, arm, paid=arm == "whole")
            return "CONTINUE"
        if arm == "whole":
            self._sent_on.add(number)
        return "PAUSE"

    # --- what it is asked ---

    def promoted(self, paused: Collection[int], running: bool) -> int | None:
        """The waiting trial that goes on next; None if a new one is to begin, or if nothing is left to do."""
        self._note_thawed(paused)
        if self._answer is None or self._answer[0] != self._news:
            self._found = None
            self._answer = self._news, self._chosen(paused, running) if paused else None
        return self._answer[1]

    # --- inside ---

    @property
    def _news(self) -> tuple[int, int, int]:
        return len(self._told), self._trials - self._entered, len(self._turns)

    def _note_thawed(self, paused: Collection[int]) -> None:
        """Whoever was named and waits no more is at work."""
        number = self._answer[1] if self._answer else None
        if number is not None and number not in paused and number not in self._turns:
            if self._reached[number] < self._epochs:
                self._go_on(number)
            self._answer = None

    def _go_on(self, number: int) -> None:
        if number in self._sent_on:
            self._sent_on.remove(number)
            self._turns[number] = "whole"
        else:
            self._begin(number, self.arm)

    def _begin(self, number: int, arm: Arm, paid: bool = False) -> None:
        self._turns[number] = arm
        if paid:
            return
        reached = self._reached.get(number, 0)
        upto = next((rung.level for rung in self.rungs if rung.level > reached), self._epochs)
        self._spent[arm] += (self._epochs if arm == "whole" else upto) - reached

    def _chosen(self, waiting: Collection[int], running: bool) -> int | None:
        if on_its_way := [number for number in self._sent_on if number in waiting]:
            return min(on_its_way)
        cheap = {rung.level for rung in self.rungs if self._pace.is_cheap(rung.level)}
        if cheap and (nearly_paid := [number for number in waiting if self._reached[number] in cheap]):
            return min(nearly_paid, key=lambda number: (self._best[number], number))
        if self._entered >= self._trials:
            ranked = self._best_ranked(waiting)
            return self._closing(waiting) if ranked is None and not running else ranked
        if self.arm == "rank":
            return self._best_ranked(waiting)
        return self._most_hoped(waiting)

    def _best_ranked(self, waiting: Collection[int]) -> int | None:
        """The best of the highest rung that may go on by its rank, as in Li et al., MLSys 2020, Algorithm 2."""
        for rung in reversed(self.rungs):
            earned = (it for it in rung.best(len(rung) // FACTOR) if it in waiting and self._reached[it] == rung.level)
            if (found := next(earned, None)) is not None:
                return found
        return None

    def _closing(self, waiting: Collection[int]) -> int | None:
        """At the end those of which most is hoped, until as many are whole as rank would leave."""
        whole = sum(it.epoch >= self._epochs and it.value is not None for it in self._told)
        if whole >= max(1, self._trials // FACTOR ** len(self.rungs)):
            return None
        return self._belief(len(self._told)).most_hoped(sorted(waiting))

    def _most_hoped(self, waiting: Collection[int]) -> int | None:
        """The waiting trial of which the model hopes more than of any new point; None if there is no such trial."""
        known = renewed(len(self._told))
        belief, unheard = self._belief(known), {it.trial for it in self._told[known:]}
        new = belief.best_new(np.random.default_rng(seed_of(self._seed, "new", len(self._told))))
        self._found = None if new is None else self._coordinates.point(new[0])
        heard = sorted(number for number in waiting if number not in unheard)
        return belief.most_hoped(heard, above=-math.inf if new is None else new[1]) if heard else None

    def _belief(self, known: int) -> Belief:
        """The belief after so many observations, while trials are at work or have reported since."""
        if self._believed is None or self._believed[0] != known:
            told = self._told[:known]
            evidence = Evidence(self._coordinates, self._points, told, self._epochs)
            rng = np.random.default_rng(seed_of(self._seed, "belief", known))
            self._believed = known, Belief(evidence, evidence.process(self._settings(evidence), rng), self._price())
        return self._believed[1].amid(sorted({*self._turns, *(it.trial for it in self._told[known:])}))

    def _price(self) -> Price | None:
        """What trainings cost, where the time is told."""
        seconds = self._pace.whole()
        if len(seconds) < KNOWN:
            return None
        due = refitted(len(seconds), KNOWN)
        if due not in self._priced:
            first = {number: seconds[number] for number in sorted(seconds)[:due]}
            self._priced = {due: learned(self._coordinates, self._points, first)}
        return Price(self._coordinates, self._points, seconds, self._priced[due])

    def _settings(self, evidence: Evidence) -> Array:
        """The kernel's settings, learned anew after 8, 10, 12, 15, ... observations, from those that came first."""
        due = refitted(len(evidence.seen))
        if due not in self._learned:
            then = Evidence(self._coordinates, self._points, self._told[:due], self._epochs)
            self._learned = {due: then.settings(np.random.default_rng(due))}
        found = self._learned[due]
        return found if len(found) == len(evidence.kernel.mean) else evidence.kernel.mean
