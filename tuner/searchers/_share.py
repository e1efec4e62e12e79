"""A parameter's value as a share of its range, from 0 to 1, and back: what methods for the unit cube need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def value_at(share: float, distribution: BaseDistribution) -> Any:
    """The value at a share of the range: several values have equal parts, a log range is even in its logarithm.

    A share that is spread evenly over [0, 1) gives what a uniform random draw gives.
    """
    match distribution:
        case FloatDistribution(step=None):
            low, high = _ends(distribution)
            return min(max(_back(low + share * (high - low), distribution.log), distribution.low), distribution.high)
        case IntDistribution(log=True):
            low, high = _ends(distribution)
            return min(max(round(math.exp(low + share * (high - low))), distribution.low), distribution.high)
        case CategoricalDistribution(choices=choices):
            return choices[_place(share, len(choices))]
        case _:
            return distribution.low + _place(share, _count(distribution)) * distribution.step  # type: ignore[attr-defined]


def share_of(value: Any, distribution: BaseDistribution) -> float:
    """Where a value lies, the middle of its part if it is one of several: `value_at(share_of(it))` is the value."""
    if distribution.single():
        return 0.5
    match distribution:
        case FloatDistribution(step=None) | IntDistribution(log=True):
            low, high = _ends(distribution)
            return ((math.log(value) if distribution.log else value) - low) / (high - low)
        case CategoricalDistribution(choices=choices):
            return (choices.index(value) + 0.5) / len(choices)
        case _:
            place = round((value - distribution.low) / distribution.step)  # type: ignore[attr-defined]
            return (place + 0.5) / _count(distribution)


def _ends(distribution: FloatDistribution | IntDistribution) -> tuple[float, float]:
    """The ends on the scale that is searched; of logarithms of integers half a step further out, for equal parts."""
    half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
    low, high = distribution.low - half, distribution.high + half
    return (math.log(low), math.log(high)) if distribution.log else (low, high)


def _back(value: float, log: bool) -> float:
    return math.exp(value) if log else value


def _count(distribution: Any) -> int:
    return round((distribution.high - distribution.low) / distribution.step) + 1


def _place(share: float, count: int) -> int:
    return min(max(int(share * count), 0), count - 1)
