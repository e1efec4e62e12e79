"""A belief about a space: which points may turn out best, after what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tuner.beliefs.expectation import log_expected_improvement
from tuner.beliefs.gaussian_process import GaussianProcess, Kernel, Seen, fit
from tuner.beliefs.outcomes import Observation, scaled, time_of, worst_for_none

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from tuner.beliefs.coordinates import Coordinates
    from tuner.beliefs.price import Price

    Array = NDArray[np.float64]
    Numbers = NDArray[np.int64]

FITTED = 150
"""From how many observations the kernel's settings are learned: half of them the best, half drawn."""
KEPT = 200
"""How many observations the process remembers, chosen in the same way: its cost grows with their third power."""
BELIEVED = 100
"""So many of the trials at work count as ended, those of which most is expected: near them others would go too."""
TOPS, LOOKED_AT = 5, 1000
"""So many of the best points are searched around; where more were tried than the second, the best that it remembers."""
DRAWN, NEIGHBOURS, FURTHER = 600, 30, 20
"""Random candidates, neighbours of each top at each distance, and of each candidate that is followed up."""
FOLLOWED, ROUNDS = 4, 2
"""How many candidates are followed up, and how often."""


class Evidence:
    """Everything that was observed, ready for a model.

    Args:
        coordinates: The space.
        points: The rows of all trials by number, [parameters] each.
        observations: What they reported.
        epochs: Those of a whole training.
    """

    def __init__(
        self,
        coordinates: Coordinates,
        points: Mapping[int, Array],
        observations: Sequence[Observation],
        epochs: int,
    ) -> None:
        self.coordinates, self.points, self.epochs = coordinates, points, epochs
        self.seen = Seen(
            rows=np.array([points[it.trial] for it in observations]).reshape(len(observations), len(coordinates)),
            times=np.array([time_of(it.epoch, epochs) for it in observations]),
            trials=np.array([it.trial for it in observations], dtype=np.int64),
            values=scaled(worst_for_none(it.value for it in observations)),
        )
        self.timed = len(set(self.seen.times)) > 1
        self.kernel = Kernel(coordinates.categorical, coordinates.places, self.timed)

    def settings(self, rng: Generator) -> Array:
        """The kernel's settings, learned from some of it."""
        return fit(self.kernel, self._some(FITTED, rng))

    def process(self, settings: Array, rng: Generator, pending: Numbers) -> GaussianProcess:
        """The model of it. What is at work counts as ended with what is expected of it ("kriging believer").

        So that several workers do not all go for the same point (Ginsbourger, Le Riche and Carraro, 2010).
        """
        process = GaussianProcess(self.kernel, settings, self._some(KEPT, rng))
        if not len(pending):
            return process
        rows = np.array([self.points[number] for number in pending])
        mean, _ = process.predict(rows, pending)
        believed = Seen(rows, np.ones(len(pending)), pending, mean)
        if len(pending) > BELIEVED:
            believed = believed.some(np.sort(np.argsort(mean, kind="stable")[:BELIEVED]))
        return GaussianProcess(self.kernel, settings, process.seen.joined(believed))

    def _some(self, count: int, rng: Generator) -> Seen:
        if len(self.seen) <= count:
            return self.seen
        best = np.argsort(self.seen.values, kind="stable")[: count // 2]
        drawn = rng.choice(len(self.seen), count // 2, replace=False)
        return self.seen.some(np.unique(np.r_[best, drawn]))


@dataclass(frozen=True, eq=False)
class Belief:
    """What is hoped for from each point: the logarithm of the expected improvement that a whole training brings.

    Where it has a price, that improvement per second.
    """

    coordinates: Coordinates
    process: GaussianProcess
    points: Mapping[int, Array]
    best: float
    price: Price | None = None

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        settings: Array,
        rng: Generator,
        pending: Sequence[int] = (),
        price: Price | None = None,
    ) -> Belief:
        """The belief after some evidence.

        Args:
            evidence: What was seen.
            settings: The kernel's, as `Evidence.settings` gives them.
            rng: For what is drawn.
            pending: The trials at work.
            price: What trainings cost, if that is to count.
        """
        process = evidence.process(settings, rng, np.array(list(pending), dtype=np.int64))
        return cls(evidence.coordinates, process, evidence.points, float(evidence.seen.values.min()), price)

    def of_trials(self, numbers: Sequence[int]) -> Array:
        """For trials that were begun: what is hoped for if they are trained to the end."""
        rows = np.array([self.points[number] for number in numbers])
        return self._worth(rows, np.array(numbers, dtype=np.int64))

    def best_new(self, rng: Generator) -> tuple[Array, float] | None:
        """The untried point of which most is hoped, with how much; None if every candidate was tried.

        It is looked for among random points and around those that promise most, then twice around the best found.
        """
        if not len(self.coordinates):
            return None
        tried = set(self.coordinates.keys(np.array(list(self.points.values()))))
        drawn = self.coordinates.draw(rng, DRAWN)
        found = self._untried(np.vstack([drawn, self.coordinates.near(rng, self._tops(), NEIGHBOURS)]), tried)
        hopes = self._hopes(found)
        for _ in range(ROUNDS if len(found) else 0):
            leaders = found[np.argsort(-hopes, kind="stable")[:FOLLOWED]]
            near = self._untried(self.coordinates.near(rng, leaders, FURTHER), tried)
            found, hopes = np.vstack([found, near]), np.r_[hopes, self._hopes(near)]
        if not len(found):
            return None
        first = int(np.argmax(hopes))
        return found[first], float(hopes[first])

    def _tops(self) -> Array:
        """The points tried of which the least is expected."""
        numbers = np.array(list(self.points), dtype=np.int64)
        if len(numbers) > LOOKED_AT:
            numbers = np.unique(self.process.seen.trials)
        rows = np.array([self.points[number] for number in numbers])
        expected, _ = self.process.predict(rows, numbers)
        return rows[np.argsort(expected, kind="stable")[:TOPS]]

    def _hopes(self, rows: Array) -> Array:
        return self._worth(rows) if len(rows) else np.empty(0)

    def _worth(self, rows: Array, trials: Numbers | None = None) -> Array:
        hope = log_expected_improvement(*self.process.predict(rows, trials), self.best)
        return hope - self.price.of(rows) if self.price else hope

    def _untried(self, rows: Array, tried: set[bytes]) -> Array:
        return rows[[key not in tried for key in self.coordinates.keys(rows)]]


def refitted(count: int, first: int = 8) -> int:
    """The last of 8, 10, 12, 15, 18, ... that is not above `count`: when the kernel's settings are learned anew."""
    at = first
    while (following := max(at + 1, at * 5 // 4)) <= count:
        at = following
    return at
