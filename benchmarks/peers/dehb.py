"""DEHB: differential evolution in Hyperband (Awad et al., IJCAI 2021); without levels, differential evolution."""

from __future__ import annotations

import math
import tempfile
import warnings
from typing import Any

from dehb import DEHB
from quality.play import Work
from quality.tasks import Task

from peers._configspace import plain, space_of

PACKAGES = ("dehb", "ConfigSpace")


class Evolution:
    """DEHB by ask and tell, at its defaults.

    Args:
        task: The task.
        seed: The optimizer's.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self._task, self._worst = task, -math.inf
        self._folder = tempfile.TemporaryDirectory()
        self._dehb = DEHB(
            cs=space_of(task, seed),
            min_fidelity=1,
            max_fidelity=max(2, int(task.amounts[-1])),  # it wants a range; 1 to 2 holds one fidelity only
            n_workers=1,
            seed=seed,
            save_freq=None,
            output_path=self._folder.name,
            log_level="ERROR",
        )
        self._asked: dict[Any, dict[str, Any]] = {}

    def ask(self) -> Work:
        """A configuration, and how far to train it; a promoted one keeps its number."""
        info = self._dehb.ask()
        config = plain(self._task, info["config"])
        until = self._task.level(float(info["fidelity"])) if self._task.top > 1 else 1
        key = int(info["config_id"])
        self._asked[key] = info
        return Work(key, config, until)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """It is told the last loss alone."""
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """Tells it; a failed training counts as bad as the worst one."""
        if math.isnan(loss):
            loss = self._worst if math.isfinite(self._worst) else 1e6
        self._worst = max(self._worst, loss)
        share = float(self._task.shares[level - 1])
        self._dehb.tell(self._asked.pop(work.key), {"fitness": loss, "cost": share})


def build(task: Task, seed: int, workers: int, trainings: float) -> Evolution:
    """The search on a task."""
    warnings.filterwarnings("ignore")
    return Evolution(task, task.seed(seed))
