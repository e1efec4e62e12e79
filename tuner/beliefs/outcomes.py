"""What trials reported, as numbers that a model can learn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from tuner import rungs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


HUGE = 1e300
"""Beyond it values count as equal: their differences are no floating point numbers."""


@dataclass(frozen=True)
class Observation:
    """The best value of a trial at an epoch and since its observation before that, to be small; None if it had failed.

    Not the best since its beginning: where beginnings flatter (on a small part of the data, say), that would hide what
    the training came to, and from it the model could not learn how little they tell.
    """

    trial: int
    epoch: int
    value: float | None


def observed(trial: int, curve: Mapping[int, float], sign: float, at: Iterable[int]) -> Iterator[Observation]:
    """What a trial's curve says at some epochs, and at its last one: each time the best since the time before.

    Args:
        trial: Its number.
        curve: Epoch -> value, by increasing epoch.
        sign: -1 if more is better, else 1.
        at: The epochs to look at.
    """
    wanted, last = set(at), max(curve, default=0)
    best = math.inf
    for epoch, value in curve.items():
        if not math.isfinite(value):
            yield Observation(trial, epoch, None)
            return
        best = min(best, sign * value)
        if epoch in wanted or epoch == last:
            yield Observation(trial, epoch, best)
            best = math.inf


def marks(epochs: int, factor: int = 3) -> list[int]:
    """The epochs at which curves are looked at: 1, 3, 9, ..., and the last."""
    return [*rungs.levels(1, epochs, factor), epochs]


def time_of(epoch: int, epochs: int) -> float:
    """Where an epoch lies on the way to a whole training: in [0, 1], even in its logarithm."""
    return math.log(epoch) / math.log(epochs) if epochs > 1 else 1.0


def worst_for_none(values: Iterable[float | None]) -> Array:
    """The values, a failure as bad as the worst of them: left out, it would be tried again."""
    known = list(values)
    worst = max((it for it in known if it is not None), default=0.0)
    return np.array([worst if it is None else it for it in known])


def scaled(values: Array) -> Array:
    """Values on a scale that a Gaussian process can follow: mean 0, about deviation 1, and in the same order.

    Half of it is the distance from the best, in units of the median's, the worse half on a logarithmic scale: one
    diverged training must not flatten all others. The other half is the normal score of the rank, which pulls the best
    apart however close they lie (Salinas, Shen and Perrone, ICML 2020, use it alone).
    """
    above = np.clip(values, -HUGE, HUGE) - np.clip(values.min(), -HUGE, HUGE)
    if not above.any():
        return np.zeros(len(values))
    reach = above / max(np.median(above), above.max() * 1e-9)
    squeezed = np.where(reach > 1, 1 + np.log(np.maximum(reach, 1)), reach)
    standard = (squeezed - squeezed.mean()) / (squeezed.std() + 1e-12)
    return np.asarray(0.5 * standard + 0.5 * ndtri((rankdata(values) - 0.5) / len(values)))
