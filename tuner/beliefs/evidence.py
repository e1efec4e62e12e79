"""What was observed, ready for a model, and how often the model is made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tuner.beliefs.gaussian_process import GaussianProcess, Kernel, Seen, fit
from tuner.beliefs.outcomes import Observation, scaled, time_of, worst_for_none

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from tuner.beliefs.coordinates import Coordinates

    Array = NDArray[np.float64]

FITTED = 150
"""From how many observations the kernel's settings are learned: half of them the best, half drawn."""
KEPT = 200
"""How many observations the process remembers, chosen in the same way: its cost grows with their third power."""
MANY = 1000
"""From so many observations on the process is not made anew for each."""


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

    def process(self, settings: Array, rng: Generator) -> GaussianProcess:
        """The model of it."""
        return GaussianProcess(self.kernel, settings, self._some(KEPT, rng))

    def _some(self, count: int, rng: Generator) -> Seen:
        if len(self.seen) <= count:
            return self.seen
        best = np.argsort(self.seen.values, kind="stable")[: count // 2]
        drawn = rng.choice(len(self.seen), count // 2, replace=False)
        return self.seen.some(np.unique(np.r_[best, drawn]))


def refitted(count: int, first: int = 8) -> int:
    """The last of 8, 10, 12, 15, 18, ... that is not above `count`: when the kernel's settings are learned anew."""
    at = first
    while (following := max(at + 1, at * 5 // 4)) <= count:
        at = following
    return at


def renewed(count: int) -> int:
    """The last of 1, 2, ..., 1000, 1010, 1020, ... that is not above `count`: when the process is made anew.

    From a thousand on the steps are a hundredth of what was seen: one more changes little of it.
    """
    if count < MANY:
        return count
    at = MANY
    while (following := at + at // 100) <= count:
        at = following
    return at
