"""Ray Tune's OptunaSearch (TPE) with its ASHA scheduler: the real classes outside Ray (Li et al., MLSys 2020)."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

from quality.play import Work
from quality.tasks import Task
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from peers._optuna import suggest

PACKAGES = ("ray", "optuna")


class TuneSearch:
    """The calls that Tune's own loop makes; a diverged training counts as one that crashed.

    Args:
        task: The task.
        seed: The searcher's.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task
        self._asked: dict[str, Any] = {}
        self._searcher = OptunaSearch(space=self._space, metric="loss", mode="min", seed=seed)
        self._scheduler = ASHAScheduler(
            time_attr="training_iteration", metric="loss", mode="min", max_t=int(task.amounts[-1])
        )
        self._numbers = itertools.count()
        self._trials: dict[str, SimpleNamespace] = {}

    def ask(self) -> Work:
        """A new trial; the number is kept as text, as Tune does."""
        name = str(next(self._numbers))
        self._asked.clear()
        self._searcher.suggest(name)
        self._trials[name] = SimpleNamespace(trial_id=name, config=dict(self._asked))
        self._scheduler.on_trial_add(None, self._trials[name])
        return Work(name, dict(self._asked), self._task.top)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """Goes on unless the scheduler stops it; a last or stopped result reaches the searcher when the trial ends."""
        if level == self._task.top:
            return True
        result = self._result(level, loss)
        decision = self._scheduler.on_trial_result(None, self._trials[str(work.key)], result)
        if decision == ASHAScheduler.STOP:
            return False
        self._searcher.on_trial_result(str(work.key), result)
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """Tells both."""
        name = str(work.key)
        if math.isnan(loss):
            self._scheduler.on_trial_error(None, self._trials[name])
            self._searcher.on_trial_complete(name, error=True)
            return
        if level == self._task.top:
            self._scheduler.on_trial_complete(None, self._trials[name], self._result(level, loss))
        self._searcher.on_trial_complete(name, self._result(level, loss))

    def _space(self, trial: Any) -> dict[str, Any]:
        """Define-by-run; the configuration is kept on the side: ordered lists are searched as indices."""
        self._asked.update(suggest(self._task, trial))
        return {}

    def _result(self, level: int, loss: float) -> dict[str, float]:
        return {"loss": loss, "training_iteration": int(self._task.amounts[level - 1])}


def build(task: Task, seed: int, workers: int, trainings: float) -> TuneSearch:
    """The search on a task; both are at their defaults, with the epochs of a full training as the most."""
    return TuneSearch(task, task.seed(seed))
