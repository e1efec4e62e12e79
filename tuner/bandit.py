"""A Gaussian process over settings and time, and where its upper confidence bound is highest."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LENGTHS = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Distances in the unit cube over which gains stay alike; the likeliest is taken."""
FORGETTING = (0.0, 0.01, 0.1, 0.3)
"""By how much two turns that lie one turn apart tell less about each other; the likeliest is taken."""
NOISES = (0.001, 0.01, 0.1, 1.0)
"""Variance of the noise in units of the signal's; the likeliest is taken."""
LATEST = 300
"""So many of the latest points are looked at: the time that a choice takes grows with their cube."""
CANDIDATES = 1000
"""Points at which the bound is looked up, twice: anywhere, then near the best of these."""


@dataclass(frozen=True)
class Settings:
    """A process's own parameters.

    Attributes:
        length: The length scale in the unit cube.
        forgetting: epsilon of Bogunovic et al. (AISTATS 2016): 0 remembers all, 1 nothing.
        noise: Variance of the noise in units of the signal's.
    """

    length: float
    forgetting: float
    noise: float


@dataclass(frozen=True)
class Points:
    """Settings in the unit cube, [n, d], each tried at a time, [n], in turns."""

    x: Array
    t: Array

    def __len__(self) -> int:
        return len(self.t)

    def and_also(self, other: Points) -> Points:
        """Both, in this order."""
        return Points(np.concatenate([self.x, other.x]), np.concatenate([self.t, other.t]))


def kernel(a: Points, b: Points, settings: Settings) -> Array:
    """The correlation of every point of `a` with every one of `b`, [n, m].

    exp(-|x - x'|^2 / (2 length^2)) x (1 - forgetting)^(|t - t'| / 2), equation 4 of Bogunovic et al., AISTATS 2016,
    with a squared exponential in the settings, as Parker-Holder et al. (NeurIPS 2020) take it.
    """
    squares = ((a.x[:, None, :] - b.x[None, :, :]) ** 2).sum(-1)
    apart = np.abs(a.t[:, None] - b.t[None, :])
    found: Array = np.exp(-squares / (2 * settings.length**2)) * (1 - settings.forgetting) ** (apart / 2)
    return found


class Process:
    """A Gaussian process of mean 0 over points whose values are known.

    The variance of the signal is the one that makes the values likeliest, y' K^-1 y / n.

    Args:
        points: Where values are known, n of them.
        y: The values, [n].
        settings: Its own parameters.
    """

    def __init__(self, points: Points, y: Array, settings: Settings) -> None:
        self._points, self._settings = points, settings
        self._root = _root(points, settings)
        whitened = np.linalg.solve(self._root, y)
        self._weights = np.linalg.solve(self._root.T, whitened)
        self.variance = max(float(whitened @ whitened) / len(points), 1e-12)

    @property
    def log_likelihood(self) -> float:
        """The logarithm of the probability density of the values, at the likeliest variance."""
        n = len(self._points)
        spread = float(np.log(np.diag(self._root)).sum())
        return -0.5 * n * (math.log(2 * math.pi * self.variance) + 1) - spread

    def mean(self, at: Points) -> Array:
        """The expected values, [m]."""
        found: Array = kernel(at, self._points, self._settings) @ self._weights
        return found

    def deviation(self, at: Points, also: Points | None = None) -> Array:
        """The standard deviations of the values without their noise, [m], once those of `also` are known too."""
        known = self._points.and_also(also) if also else self._points
        explained = np.linalg.solve(_root(known, self._settings), kernel(known, at, self._settings))
        left: Array = np.sqrt(self.variance * np.clip(1 - (explained**2).sum(0), 0.0, None))
        return left


def _root(points: Points, settings: Settings) -> Array:
    """The lower triangle whose product with itself is the covariance of the values, in units of the signal's."""
    covariance = kernel(points, points, settings) + settings.noise * np.eye(len(points))
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


def likeliest(points: Points, y: Array) -> Process:
    """The process, of those with the listed settings, under which the values are likeliest."""
    return max(_processes(points, y), key=lambda process: process.log_likelihood)


def _processes(points: Points, y: Array) -> Iterator[Process]:
    for length, forgetting, noise in itertools.product(LENGTHS, FORGETTING, NOISES):
        yield Process(points, y, Settings(length, forgetting, noise))


def choose(points: Points, gains: Array, pending: Points, now: float, seed: int) -> Array:
    """The settings with the highest upper confidence bound on their gain in the turn that begins at `now`, [d].

    The bound is mean + sqrt(0.2 + log(0.4 n)) deviations over n points (Parker-Holder et al., NeurIPS 2020, and the
    constants of their implementation). What others are trying right now narrows the deviation without moving the
    mean (Desautels et al., JMLR 15, 2014): so not all try the same.

    Args:
        points: What was tried.
        gains: What each of them gained, [n], n at least 2.
        pending: What is being tried.
        now: The time, in turns.
        seed: Decides which candidates are looked at.
    """
    points, gains = Points(points.x[-LATEST:], points.t[-LATEST:]), gains[-LATEST:]
    y = (gains - gains.mean()) / (gains.std() or 1.0)
    process = likeliest(points, y)
    width = math.sqrt(0.2 + max(0.0, math.log(0.4 * len(points))))
    draw = np.random.default_rng(seed)

    def best(candidates: Array) -> Array:
        at = Points(candidates, np.full(len(candidates), now))
        found: Array = candidates[np.argmax(process.mean(at) + width * process.deviation(at, pending))]
        return found

    anywhere = best(draw.random((CANDIDATES, points.x.shape[1])))
    near = np.clip(anywhere + 0.05 * draw.standard_normal((CANDIDATES, points.x.shape[1])), 0.0, 1.0)
    return best(np.concatenate([anywhere[None], near]))
