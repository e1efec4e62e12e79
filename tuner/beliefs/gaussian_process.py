"""A Gaussian process over points and training times."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_solve, lapack, solve_triangular
from scipy.optimize import minimize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROOT5 = 5.0**0.5
JITTER = 1e-6
DRIFT = 4.0
"""The variance of what the last epoch gains over the first, alike for all points: wide, so that the data decide."""
STEPS = 30
"""L-BFGS steps of a fit."""


@dataclass(frozen=True, eq=False)
class Seen:
    """n observed values: `rows` [n, parameters], `times` [n] in [0, 1] with 1 a whole training, whose `trials` [n]."""

    rows: Array
    times: Array
    trials: NDArray[np.int64]
    values: Array

    def __len__(self) -> int:
        return len(self.values)

    def some(self, index: NDArray[np.int64]) -> Seen:
        """A part of it."""
        return Seen(self.rows[index], self.times[index], self.trials[index], self.values[index])

    def joined(self, other: Seen) -> Seen:
        """Both together."""
        return Seen(
            np.vstack([self.rows, other.rows]),
            np.r_[self.times, other.times],
            np.r_[self.trials, other.trials],
            np.r_[self.values, other.values],
        )


class Kernel:
    """How alike two observations are.

    A point's value at a time is a level that all points share and that drifts with time, plus what its parameters make
    of it, plus what is the trial's own:

        1 + DRIFT (1 - t)(1 - t') + (a M(x, x') + b A(x, x')) (w + (1 - w) exp(-(t - t')^2 / 2 l^2))
          + c [same trial] + s [same value]

    M is the Matern kernel of order 5/2 with a length for each parameter (Rasmussen and Williams, 2006, chapters 4 and
    5); categories are 0 or 1 apart. A is the number of categories that both points have: what each does on its own,
    whatever the others are (a sum beside the product, as in Ru et al., ICML 2020, equation 4). An early value tells of
    the last one as far as the data say it does (as in freeze-thaw optimisation: Swersky, Snoek and Adams, 2014): w is
    the share of a point's merits that stays the same.

    Its logarithmic settings are one vector: the lengths, a, s, with several times w (a logit), l, c, and with
    categories b. Their priors are log-normal; lengths grow with the square root of the number of parameters (Hvarfner
    et al., ICML 2024).

    Args:
        categorical: Which parameters are categories, [parameters].
        places: How many values each list has, [parameters].
        timed: Whether there are observations at different times.
    """

    def __init__(self, categorical: NDArray[np.bool_], places: NDArray[np.int64], timed: bool) -> None:
        self.categorical, self.places, self.timed = categorical, places, timed
        self.width = width = len(categorical)
        self.mean = np.r_[np.full(width, np.log(0.4 * np.sqrt(max(width, 1)))), 0.0, np.log(1e-3)]
        self.deviation = np.r_[np.full(width, 1.0), 1.0, 1.5]
        if timed:
            self.mean = np.r_[self.mean, 0.0, np.log(0.5), np.log(0.05)]
            self.deviation = np.r_[self.deviation, 1.0, 0.7, 1.0]
        self.finite = not timed and bool(np.all(places > 0))
        """Whether there are only so many points, each with one value."""
        self.listed = bool(categorical.any())
        if self.listed:
            self.mean, self.deviation = np.r_[self.mean, np.log(0.1)], np.r_[self.deviation, 1.5]

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Three standard deviations of the prior, for each setting."""
        return list(zip(self.mean - 3 * self.deviation, self.mean + 3 * self.deviation, strict=True))

    def scaled(self, rows: Array, settings: Array) -> Array:
        """Rows such that plain squared distances are those of the kernel: [n, features]."""
        shrink = np.exp(-settings[: self.width])
        found = [rows[:, ~self.categorical] * shrink[~self.categorical]]
        for i in np.flatnonzero(self.categorical):
            found.append((rows[:, [i]] == np.arange(-1, self.places[i])) * (shrink[i] / np.sqrt(2)))
        return np.hstack(found)

    def chosen(self, rows: Array) -> Array:
        """Which categories each point has, as 0 and 1: [n, categories of all lists]."""
        found = [rows[:, [i]] == np.arange(self.places[i]) for i in np.flatnonzero(self.categorical)]
        return np.hstack(found).astype(float) if found else np.empty((len(rows), 0))

    def effect(self, settings: Array) -> float:
        """The variance of what a category does on its own."""
        return float(np.exp(settings[-1])) if self.listed else 0.0

    def common(self, times: Array, others: Array) -> Array:
        """The part that all points share."""
        return 1.0 + DRIFT * np.outer(1.0 - times, 1.0 - others) if self.timed else np.ones((len(times), len(others)))

    def over_time(self, settings: Array, apart: Array) -> Array:
        """How much of a point's merits at one time are those at another, `apart` the squared distances."""
        constant, inverse = _share(settings[self.width + 2]), np.exp(-2 * settings[self.width + 3])
        return constant + (1 - constant) * np.exp(-0.5 * apart * inverse)

    def own(self, settings: Array) -> float:
        """The variance of what is a trial's own."""
        return float(np.exp(settings[self.width + 4])) if self.timed else 0.0

    def at_once(self, settings: Array, time: float, chosen: Array) -> Array:
        """The variance of a single value of each of n points at a time, without noise: [n].

        With it where there are only so many points, each with one value: a point beside the best may be better by it,
        and none is tried twice. Where points can be ever nearer to the best, the search would stay there.
        """
        drift = DRIFT * (1.0 - time) ** 2 if self.timed else 0.0
        noise = float(np.exp(settings[self.width + 1])) if self.finite else 0.0
        effects = self.effect(settings) * chosen.sum(axis=1)
        return np.asarray(1.0 + drift + np.exp(settings[self.width]) + self.own(settings) + effects + noise)


@dataclass(frozen=True, eq=False)
class Look:
    """What a process expects at n points at one time.

    Attributes:
        rows: The points, [n, parameters].
        trials: Whose points they are, if they were tried: [n].
        time: In [0, 1], with 1 a whole training.
        mean: [n].
        variance: [n].
        explained: What each observation explains of each point's deviation: [seen, n].
        left: Of each trial whose end a later process has seen, the covariance with it that is not explained: [n].
    """

    rows: Array
    trials: NDArray[np.int64] | None
    time: float
    mean: Array
    variance: Array
    explained: Array
    left: dict[int, Array] = field(default_factory=dict)

    @property
    def deviation(self) -> Array:
        """The square root of the variance: [n]."""
        return _root(self.variance)


@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """A Gaussian process that has seen something, with settings of its kernel.

    Attributes:
        before: The process that saw the first part of it, if there was one: its work is not done again.
    """

    kernel: Kernel
    settings: Array
    seen: Seen
    before: GaussianProcess | None = None

    def having_seen(self, more: Seen) -> GaussianProcess:
        """The process after some more."""
        return GaussianProcess(self.kernel, self.settings, self.seen.joined(more), self)

    @cached_property
    def _scaled(self) -> Array:
        return self.kernel.scaled(self.seen.rows, self.settings)

    @cached_property
    def _chosen(self) -> Array:
        return self.kernel.chosen(self.seen.rows)

    @cached_property
    def _factor(self) -> Array:
        """The lower Cholesky factor of the covariance of what was seen."""
        return self._own_factor() if self.before is None else self._grown(self.before)

    def _own_factor(self, explained: Array | float = 0.0) -> Array:
        seen = self.seen
        covariance = self._with(seen.rows, seen.times, seen.trials) - explained
        covariance[np.diag_indices(len(seen))] += np.exp(self.settings[self.kernel.width + 1]) + JITTER
        return np.asarray(np.linalg.cholesky(covariance))

    def _grown(self, before: GaussianProcess) -> Array:
        """[[L, 0], [B, C]] of L, the factor before: B L' is the covariance of the new with the old."""
        old, count, new = len(before.seen), len(self.seen), self._new.seen
        across = before._explained(before._with(new.rows, new.times, new.trials))
        factor = np.zeros((count, count))
        factor[:old, :old], factor[old:, :old] = before._factor, across.T
        factor[old:, old:] = self._new._own_factor(across.T @ across)
        return factor

    @cached_property
    def _new(self) -> GaussianProcess:
        """A process that has seen only what the one before had not."""
        old = len(self.before.seen) if self.before else 0
        return GaussianProcess(self.kernel, self.settings, self.seen.some(np.arange(old, len(self.seen))))

    @cached_property
    def _whitened(self) -> Array:
        return self._solved(self._factor, self.seen.values)

    def predict(self, rows: Array, trials: NDArray[np.int64] | None = None, time: float = 1.0) -> tuple[Array, Array]:
        """Mean and standard deviation at a time, [n] each; `trials` says whose points they are, if they were tried."""
        found = self.look(rows, trials, time)
        return found.mean, found.deviation

    def look(self, rows: Array, trials: NDArray[np.int64] | None = None, time: float = 1.0) -> Look:
        """The same with all that a later process needs to look there again."""
        explained = self._explained(self._with(rows, np.array([time]), trials))
        variance = self.kernel.at_once(self.settings, time, self.kernel.chosen(rows))
        variance -= (explained * explained).sum(axis=0)
        return Look(rows, trials, time, explained.T @ self._whitened, variance, explained)

    def look_again(self, look: Look, some: NDArray[np.int64]) -> tuple[Array, Array]:
        """Mean and deviation at some of the points where the process before has looked; this one has seen more ends.

        That is far cheaper than to predict them anew, the more so the more of these ends were looked at before.
        """
        old = len(look.explained)
        explained = self._solved(self._factor[old:, old:], self._left(look, some))
        variance = look.variance[some] - (explained * explained).sum(axis=0)
        return look.mean[some] + explained.T @ self._whitened[old:], _root(variance)

    def _left(self, look: Look, some: NDArray[np.int64]) -> Array:
        """The covariance of each new end with some points that what was seen before does not explain: [new, some]."""
        trials = self._new.seen.trials
        if len(missing := np.flatnonzero([trial not in look.left for trial in trials.tolist()])):
            ends = GaussianProcess(self.kernel, self.settings, self._new.seen.some(missing))
            left = ends._with(look.rows, np.array([look.time]), look.trials).T
            left -= self._factor[len(look.explained) + missing, : len(look.explained)] @ look.explained
            look.left.update(zip(trials[missing].tolist(), left, strict=True))
        return np.array([look.left[trial][some] for trial in trials.tolist()])

    def _with(self, rows: Array, times: Array, trials: NDArray[np.int64] | None) -> Array:
        """The covariance with each observation, [n, seen], of values at n times or at one: [n] or [1]."""
        kernel, settings, seen = self.kernel, self.settings, self.seen
        found = matern(kernel.scaled(rows, settings), self._scaled)
        found *= np.exp(settings[kernel.width])
        if kernel.listed:
            found += kernel.effect(settings) * (kernel.chosen(rows) @ self._chosen.T)
        if kernel.timed:
            found *= kernel.over_time(settings, (times[:, None] - seen.times) ** 2)
            if trials is not None:
                found += kernel.own(settings) * (trials[:, None] == seen.trials)
        found += kernel.common(times, seen.times)
        return found

    def _explained(self, cross: Array) -> Array:
        return self._solved(self._factor, cross.T)

    @staticmethod
    def _solved(factor: Array, of: Array) -> Array:
        return np.asarray(solve_triangular(factor, of, lower=True, check_finite=False))


def fit(kernel: Kernel, seen: Seen) -> Array:
    """The settings that are most probable after what was seen, from the prior's mean on."""
    problem = _Posterior(kernel, seen)
    found = minimize(
        problem, kernel.mean, jac=True, method="L-BFGS-B", bounds=kernel.bounds, options={"maxiter": STEPS}
    )
    return np.asarray(found.x)


class _Posterior:
    """The negative logarithm of the settings' posterior density, with its gradient."""

    def __init__(self, kernel: Kernel, seen: Seen) -> None:
        self._kernel, self._values = kernel, seen.values
        apart = seen.rows.T[:, :, None] - seen.rows.T[:, None, :]
        apart *= apart
        apart[kernel.categorical] = apart[kernel.categorical] > 0
        self._apart = apart
        self._between = (seen.times[:, None] - seen.times) ** 2
        self._same = (seen.trials[:, None] == seen.trials).astype(float)
        self._common = kernel.common(seen.times, seen.times)
        chosen = kernel.chosen(seen.rows)
        self._agreeing = chosen @ chosen.T

    def __call__(self, settings: Array) -> tuple[float, Array]:
        kernel, width = self._kernel, self._kernel.width
        squares = np.tensordot(np.exp(-2 * settings[:width]), self._apart, 1)
        distances = ROOT5 * np.sqrt(squares)
        decay = np.exp(settings[width]) * np.exp(-distances)
        together = (1 + distances + 5 / 3 * squares) * decay
        effects = kernel.effect(settings) * self._agreeing
        merits = together + effects
        time = kernel.over_time(settings, self._between) if kernel.timed else np.ones(())
        noise = float(np.exp(settings[width + 1]))
        covariance = self._common + merits * time + kernel.own(settings) * self._same
        covariance[np.diag_indices(len(self._values))] += noise + JITTER
        factor, failed = lapack.dpotrf(covariance, lower=1)
        if failed:
            return 1e10, np.zeros_like(settings)
        weights = cho_solve((factor, True), self._values, check_finite=False)
        pull = np.outer(weights, weights) - _inverse(factor)
        slopes = np.empty_like(settings)
        steep = pull * time * (5 / 3) * (1 + distances) * decay
        slopes[:width] = -0.5 * np.tensordot(self._apart, steep, ((1, 2), (0, 1))) * np.exp(-2 * settings[:width])
        slopes[width] = -0.5 * np.sum(pull * together * time)
        slopes[width + 1] = -0.5 * noise * np.trace(pull)
        if kernel.timed:
            slopes[width + 2 : width + 5] = self._slopes_over_time(settings, pull, merits)
        if kernel.listed:
            slopes[-1] = -0.5 * np.sum(pull * effects * time)
        away = (settings - kernel.mean) / kernel.deviation
        misfit = 0.5 * self._values @ weights + np.log(np.diag(factor)).sum() + 0.5 * away @ away
        return float(misfit), slopes + away / kernel.deviation

    def _slopes_over_time(self, settings: Array, pull: Array, merits: Array) -> Array:
        width = self._kernel.width
        constant, inverse = _share(settings[width + 2]), np.exp(-2 * settings[width + 3])
        fading = np.exp(-0.5 * self._between * inverse)
        weighted = pull * merits
        return -0.5 * np.array(
            [
                np.sum(weighted * (1 - fading)) * constant * (1 - constant),
                np.sum(weighted * (1 - constant) * fading * self._between * inverse),
                np.sum(pull * self._same) * np.exp(settings[width + 4]),
            ]
        )


def matern(rows: Array, others: Array) -> Array:
    """The Matern kernel of order 5/2 between scaled rows, [n, m]; in place, where most of a prediction's time goes."""
    squares = rows @ others.T
    squares *= -2
    squares += (rows * rows).sum(axis=1)[:, None]
    squares += (others * others).sum(axis=1)
    np.maximum(squares, 0.0, out=squares)
    distances = ROOT5 * np.sqrt(squares)
    squares *= 5 / 3
    squares += distances
    squares += 1
    squares *= np.exp(-distances)
    return squares


def _root(variance: Array) -> Array:
    return np.asarray(np.sqrt(np.maximum(variance, 1e-10)))


def _share(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _inverse(factor: Array) -> Array:
    lower, _ = lapack.dpotri(factor, lower=1)
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T)
