"""DyHPO: whichever configuration promises most is trained one level further (Wistuba et al., NeurIPS 2022).

Its authors publish no package; this follows Algorithm 1 with the settings of their experiments. Where they have a
fixed set of configurations with accuracies, here 1,000 are drawn at random, and losses are turned into scores between
0, the worst loss seen so far, and 1, the best. An epoch is a level of the task.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import torch
from quality.play import Work
from quality.tasks import Task

from peers._deep_kernel import KERNEL, DeepKernel, Points
from peers._features import features

PACKAGES = ("torch",)
POOL, WHOLE_FITS = 1000, 10
FIRST_EPOCHS, LATER_EPOCHS = 1000, 50
PATIENCE = 1.2
"""After so many full trainings' levels without a better value the model is fitted from scratch."""


class DyHpo:
    """The race.

    Args:
        task: The task.
        seed: Gives the pool and the network's first weights.
    """

    def __init__(self, task: Task, seed: int) -> None:
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self._task = task
        self._pool = [task.sample(rng) for _ in range(POOL)]
        self._x = torch.tensor(np.array([features(task, config) for config in self._pool]), dtype=torch.float32)
        self._model = DeepKernel(self._x.shape[1])
        self._curves: dict[int, list[float]] = {}
        self._failed: set[int] = set()
        self._fits = self._without_gain = 0

    def ask(self) -> Work:
        """The first of the pool, then the highest expected improvement: the next level of one configuration."""
        number = self._best() if sum(map(len, self._curves.values())) > 1 else len(self._curves) + len(self._failed)
        return Work(number, self._pool[number], len(self._curves.get(number, ())) + 1)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """Keeps the level's loss; the work is one level long."""
        best = min((min(curve) for curve in self._curves.values()), default=math.inf)
        self._without_gain = 0 if loss < best else self._without_gain + 1
        self._curves.setdefault(int(str(work.key)), []).append(loss)
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """A configuration that failed leaves the race, with all that is known of it."""
        if math.isnan(loss):
            self._failed.add(int(str(work.key)))
            self._curves.pop(int(str(work.key)), None)

    def _best(self) -> int:
        scores = self._scores()
        seen = [(number, level) for number, curve in scores.items() for level in range(len(curve))]
        targets = torch.tensor([scores[number][level] for number, level in seen])
        self._fit(self._points(seen, scores), targets)
        open_ = [
            (number, len(scores.get(number, ())))
            for number in range(POOL)
            if number not in self._failed and len(scores.get(number, ())) < self._task.top
        ]
        mean, deviation = self._model.predict(self._points(seen, scores), targets, self._points(open_, scores))
        goals = torch.tensor(self._goals(scores))[[level for _, level in open_]]
        return open_[int(expected_improvement(mean, deviation, goals).argmax())][0]

    def _fit(self, points: Points, targets: torch.Tensor) -> None:
        patience = int(PATIENCE * self._task.top)
        anew = self._fits < WHOLE_FITS or self._without_gain == patience
        self._fits += 1
        if anew:
            self._model = DeepKernel(self._x.shape[1])
        try:
            self._model.fit(points, targets, FIRST_EPOCHS if anew else LATER_EPOCHS)
        except torch.linalg.LinAlgError:
            self._model = DeepKernel(self._x.shape[1])

    def _scores(self) -> dict[int, list[float]]:
        known = [loss for curve in self._curves.values() for loss in curve]
        worst, best = max(known), min(known)
        width = (worst - best) or 1.0
        return {number: [(worst - loss) / width for loss in curve] for number, curve in self._curves.items()}

    def _points(self, places: list[tuple[int, int]], scores: dict[int, list[float]]) -> Points:
        """The network's view of (configuration, how many levels are known before the one in question)."""
        curves = np.zeros((len(places), max(KERNEL, self._task.top)), dtype=np.float32)
        for row, (number, known) in enumerate(places):
            curves[row, :known] = scores.get(number, [])[:known]
        epochs = torch.tensor([[(known + 1) / self._task.top] for _, known in places])
        return Points(self._x[[number for number, _ in places]], epochs, torch.from_numpy(curves))

    def _goals(self, scores: dict[int, list[float]]) -> list[float]:
        """The best score at each level; where nobody has been there, the best of all (equation 6)."""
        best = max(max(curve) for curve in scores.values())
        return [
            max((curve[level] for curve in scores.values() if len(curve) > level), default=best)
            for level in range(self._task.top)
        ]


def expected_improvement(mean: torch.Tensor, deviation: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """How much a normal variable is above the goal on average; all of one shape."""
    z = (mean - goal) / deviation
    normal: Any = torch.distributions.Normal(0.0, 1.0)
    found: torch.Tensor = (mean - goal) * normal.cdf(z) + deviation * normal.log_prob(z).exp()
    return found


def build(task: Task, seed: int, workers: int, trainings: float) -> DyHpo:
    """The search on a task.

    Raises:
        SystemExit: More than one worker: the algorithm is for one.
    """
    if workers > 1:
        raise SystemExit("dyhpo: its race is run one level at a time; use --workers 1")
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    return DyHpo(task, task.seed(seed))
