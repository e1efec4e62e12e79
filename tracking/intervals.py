"""What a few repeated values say: a mean's interval, a difference's, and where one more value is to be expected."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Mean:
    """The mean of repeated values.

    Attributes:
        count: How many values there are.
        mean: Their mean.
        spread: Their standard deviation (n - 1); NaN of a single value.
        low, high: Student's 95 % interval of the mean; infinite for a single value.
    """

    count: int
    mean: float
    spread: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.count == 1:
            return f"{self.mean:.4f} (1 seed)"
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}] ({self.count} seeds, spread {self.spread:.4f})"


@dataclass(frozen=True)
class Difference:
    """How far the first of two means is above the second.

    Attributes:
        difference: The first mean less the second.
        low, high: Its 95 % interval; infinite where values are too few.
        test: Which test says so: "paired t-test, 5 seeds" or "Welch's t-test, 5 and 5 seeds".
    """

    difference: float
    low: float
    high: float
    test: str

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}] ({self.test})"


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of at least one value."""
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Mean(1, mean, math.nan, -math.inf, math.inf)
    spread = statistics.stdev(values)
    reach = _t(len(values) - 1) * spread / math.sqrt(len(values))
    return Mean(len(values), mean, spread, mean - reach, mean + reach)


def paired(first: Mapping[int, float], second: Mapping[int, float]) -> Difference:
    """The difference of two means whose values come in pairs, by what they share (a seed); Welch's without two pairs.

    Values without a partner are left out.
    """
    shared = sorted(first.keys() & second.keys())
    if len(shared) < 2:
        return welch(list(first.values()), list(second.values()))
    found = mean_of([first[key] - second[key] for key in shared])
    return Difference(found.mean, found.low, found.high, f"paired t-test, {len(shared)} seeds")


def welch(first: Sequence[float], second: Sequence[float]) -> Difference:
    """The difference of two means of independent values, whose spreads may differ.

    Source: B. L. Welch, The generalization of "Student's" problem when several different population variances are
    involved, Biometrika 34 (1947), p. 28-35; the degrees of freedom by Satterthwaite (1946).
    """
    one, other = mean_of(first), mean_of(second)
    test = f"Welch's t-test, {one.count} and {other.count} seeds"
    difference = one.mean - other.mean
    if min(one.count, other.count) < 2:
        return Difference(difference, -math.inf, math.inf, test)
    squares = [it.spread**2 / it.count for it in (one, other)]
    variance = sum(squares)
    if variance == 0:
        return Difference(difference, difference, difference, test)
    freedom = variance**2 / sum(square**2 / (it.count - 1) for square, it in zip(squares, (one, other), strict=True))
    reach = _t(freedom) * math.sqrt(variance)
    return Difference(difference, difference - reach, difference + reach, test)


def elsewhere(
    values: Sequence[float],
    spread: float,
    samples: tuple[int, int],
    within: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float]:
    """Where a mean over samples lies for one such training on other samples, in 95 of 100 cases.

    A mean's interval tells what further seeds would give on the same samples. Another part of the data differs from
    it besides by which samples fell into it: by the samples' own variance / n a part. A further training's own
    deviation is added. Source: the prediction interval for the mean of future samples (G. J. Hahn and W. Q. Meeker,
    Statistical Intervals, Wiley 1991, chapter 4); X. Bouthillier et al., Accounting for variance in machine learning
    benchmarks, MLSys 2021, on seeds and samples as sources of variance that add up.

    Args:
        values: The mean over the same samples of each of at least two trainings.
        spread: The standard deviation of single samples; for a share, `share_spread`.
        samples: How many samples were judged, and how many others there are.
        within: The least and the greatest value there can be.
    """
    found, (judged, others) = mean_of(values), samples
    parts = spread**2 * (1 / judged + 1 / others)
    reach = _t(len(values) - 1) * math.sqrt(found.spread**2 * (1 + 1 / len(values)) + parts)
    return max(within[0], found.mean - reach), min(within[1], found.mean + reach)


def share_spread(values: Sequence[float], judged: int) -> float:
    """The standard deviation of single samples that count 0 or 1: sqrt(p (1 - p)), p the mean of the shares given.

    With p at 0 or 1 it is taken half a sample away from there: that `judged` samples were all alike does not say that
    none is different.
    """
    share = min(max(statistics.fmean(values), 0.5 / judged), 1 - 0.5 / judged)
    return math.sqrt(share * (1 - share))


def _t(freedom: float) -> float:
    """Student's t that 95 % of all lie within, on both sides."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
