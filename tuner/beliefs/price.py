"""What a training costs at a point, beside others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tuner.beliefs.gaussian_process import GaussianProcess, Kernel, Seen, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuner.beliefs.coordinates import Coordinates

    Array = NDArray[np.float64]

KNOWN = 8
"""From so many trials on, prices are believed."""
REMEMBERED = 150
"""So many of the latest trials are looked at: the cost of a look grows with their third power."""


class Price:
    """The logarithm of the seconds that a whole training takes, by a Gaussian process over the space.

    Taken from the logarithm of an expected improvement it gives the expected improvement per second (Snoek, Larochelle
    and Adams, NeurIPS 2012, section 3.2): where time ends a sweep, two trainings may be had for the price of one.

    Args:
        coordinates: The space.
        points: The rows of trials by number, [parameters] each.
        seconds: Of a whole training of each of these trials.
        settings: The kernel's, as `learned` gives them.
    """

    def __init__(
        self, coordinates: Coordinates, points: Mapping[int, Array], seconds: Mapping[int, float], settings: Array
    ) -> None:
        seen, self._scale = _seen(points, seconds)
        self._process = GaussianProcess(_kernel(coordinates), settings, seen)

    def of(self, rows: Array) -> Array:
        """For each of n points how much dearer it is than most, in logarithms: [n]."""
        return self._scale * self._process.predict(rows)[0]


def learned(coordinates: Coordinates, points: Mapping[int, Array], seconds: Mapping[int, float]) -> Array:
    """The kernel's settings that are most probable after these trainings."""
    return fit(_kernel(coordinates), _seen(points, seconds)[0])


def _kernel(coordinates: Coordinates) -> Kernel:
    return Kernel(coordinates.categorical, coordinates.places, timed=False)


def _seen(points: Mapping[int, Array], seconds: Mapping[int, float]) -> tuple[Seen, float]:
    """Logarithms with mean 0 and deviation 1, and how many of those a unit is."""
    numbers = sorted(seconds)[-REMEMBERED:]
    logs = np.log([seconds[number] for number in numbers])
    scale = float(logs.std()) or 1.0
    rows = np.array([points[number] for number in numbers])
    return Seen(rows, np.ones(len(rows)), np.array(numbers, dtype=np.int64), (logs - logs.mean()) / scale), scale
