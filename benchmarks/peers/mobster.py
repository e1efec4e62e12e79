"""Syne Tune's MOBSTER: a Gaussian process over rungs in ASHA (Klein et al., 2020); without levels, over values."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from quality.play import Work
from quality.tasks import Config, Task
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, lograndint, loguniform, ordinal, randint, uniform
from syne_tune.optimizer.legacy_baselines import MOBSTER, BayesianOptimization
from syne_tune.optimizer.scheduler import SchedulerDecision

PACKAGES = ("syne-tune",)


class Mobster:
    """The scheduler driven outside Syne Tune, at its defaults; conditional spaces are searched whole.

    Args:
        task: The task.
        seed: The scheduler's.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task
        space = {name: _domain(about) for name, about in task.space.items()}
        common = {"metric": "loss", "mode": "min", "random_seed": seed, "search_options": {"debug_log": False}}
        self._scheduler: Any
        if task.top > 1:
            self._scheduler = MOBSTER(space, resource_attr="epoch", max_t=int(task.amounts[-1]), **common)
        else:
            self._scheduler = BayesianOptimization(space, **common)
        self._numbers = itertools.count()
        self._trials: dict[Any, Trial] = {}

    def ask(self) -> Work:
        """A new trial; by default the scheduler stops trials and resumes none."""
        number = next(self._numbers)
        suggestion = self._scheduler.suggest(number)
        assert suggestion is not None and suggestion.spawn_new_trial_id
        trial = self._trials[number] = Trial(number, suggestion.config, datetime(2000, 1, 1))
        self._scheduler.on_trial_add(trial)
        return Work(number, self._config(suggestion.config), self._task.top)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """Goes on unless the scheduler stops it; the last level is told as the end."""
        if level == self._task.top:
            return True
        decision = self._scheduler.on_trial_result(self._trials[work.key], self._result(level, loss))
        return bool(decision == SchedulerDecision.CONTINUE)

    def end(self, work: Work, level: int, loss: float) -> None:
        """Tells that the trial failed, was stopped or is complete."""
        trial = self._trials.pop(work.key)
        if math.isnan(loss):
            self._scheduler.on_trial_error(trial)
        elif level == self._task.top:
            self._scheduler.on_trial_result(trial, self._result(level, loss))
            self._scheduler.on_trial_complete(trial, self._result(level, loss))
        else:
            self._scheduler.on_trial_remove(trial)

    def _result(self, level: int, loss: float) -> dict[str, Any]:
        return {"loss": loss, "epoch": int(self._task.amounts[level - 1])}

    def _config(self, found: Mapping[str, Any]) -> Config:
        return {name: found[name] for name in self._task.space}


def _domain(about: Mapping[str, Any]) -> Any:
    match about["type"]:
        case "float":
            return (loguniform if about["log"] else uniform)(about["low"], about["high"])
        case "int":
            return (lograndint if about["log"] else randint)(about["low"], about["high"])
        case "ord":
            return ordinal(about["choices"])
        case _:
            return choice(about["choices"])


def build(task: Task, seed: int, workers: int, trainings: float) -> Mobster:
    """The search on a task."""
    logging.disable(logging.ERROR)
    warnings.filterwarnings("ignore")
    return Mobster(task, task.seed(seed))
