"""Random search, each configuration trained to the end (Bergstra and Bengio, JMLR 13, 2012)."""

from __future__ import annotations

import itertools

import numpy as np
from quality.play import Work
from quality.tasks import Task

PACKAGES = ("numpy",)


class RandomSearch:
    """Draws as the folder of tasks draws.

    Args:
        task: The task.
        seed: Gives the draws.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self._task, self._rng = task, np.random.default_rng(seed)
        self._numbers = itertools.count()

    def ask(self) -> Work:
        """A new configuration, whole."""
        return Work(next(self._numbers), self._task.sample(self._rng), self._task.top)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """Always goes on."""
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """Learns nothing."""


def build(task: Task, seed: int, workers: int, trainings: float) -> RandomSearch:
    """The search on a task."""
    return RandomSearch(task, task.seed(seed))
