"""Top k after one epoch: half of the budget for first epochs of random configurations, then the best are trained on.

Where a full training is the only level there is, this is random search.
"""

from __future__ import annotations

import numpy as np
from quality.play import Work
from quality.tasks import Config, Task

PACKAGES = ("numpy",)


class TopK:
    """First epochs until half of the budget is spent, then full trainings, best first epoch first.

    Args:
        task: The task.
        seed: Gives the draws.
        trainings: The budget in full trainings.
    """

    def __init__(self, task: Task, seed: int, trainings: float) -> None:
        self._task, self._rng = task, np.random.default_rng(seed)
        self._many = int(trainings / 2 / task.shares[0])
        self._drawn: list[Config] = []
        self._losses: dict[int, float] = {}
        self._taken: set[int] = set()

    def ask(self) -> Work | None:
        """A first epoch, or the best configuration that is not trained on yet."""
        if self._task.top == 1 or len(self._drawn) < self._many:
            self._drawn.append(self._task.sample(self._rng))
            return Work(len(self._drawn) - 1, self._drawn[-1], 1)
        left = [number for number in self._losses if number not in self._taken]
        if not left:
            return None
        best = min(left, key=self._losses.__getitem__)
        self._taken.add(best)
        return Work(best, self._drawn[best], self._task.top)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """Notes the first epoch."""
        if level == 1:
            self._losses[int(str(work.key))] = loss
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """Learns nothing from full trainings."""


def build(task: Task, seed: int, workers: int, trainings: float) -> TopK:
    """The search on a task."""
    return TopK(task, task.seed(seed), trainings)
