"""SMAC3: random forest, its Hyperband where trainings have levels (Lindauer et al., JMLR 23, 2022)."""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from typing import Any

from quality.play import Work
from quality.tasks import Task
from smac import HyperparameterOptimizationFacade, MultiFidelityFacade, Scenario
from smac.runhistory import TrialInfo, TrialValue
from smac.runhistory.enumerations import StatusType

from peers._configspace import plain, space_of

PACKAGES = ("smac", "ConfigSpace")
TRIALS_A_TRAINING = 5
"""So many evaluations does its Hyperband make, roughly, for what one full training costs."""


class Smac:
    """A facade by ask and tell, at its defaults; it is told that trainings are deterministic.

    Args:
        task: The task.
        seed: The scenario's.
        trainings: The budget; the facade sizes its initial design by it.
    """

    def __init__(self, task: Task, seed: int, trainings: float) -> None:
        self._task, self._worst = task, -math.inf
        self._folder = tempfile.TemporaryDirectory()
        staged = task.top > 1
        scenario = Scenario(
            space_of(task, seed),
            output_directory=self._folder.name,
            deterministic=True,
            n_trials=int(trainings * (TRIALS_A_TRAINING if staged else 1)),
            min_budget=1 if staged else None,
            max_budget=int(task.amounts[-1]) if staged else None,
            seed=seed,
        )
        facade: Any = MultiFidelityFacade if staged else HyperparameterOptimizationFacade
        self._facade = facade(scenario, None, logging_level=False, overwrite=True)
        self._asked: dict[Any, TrialInfo] = {}

    def ask(self) -> Work:
        """A configuration, and how far to train it; the same one further is the same work."""
        info = self._facade.ask()
        config = plain(self._task, info.config)
        until = self._task.level(info.budget) if info.budget is not None else self._task.top
        key = tuple(sorted((name, repr(value)) for name, value in config.items()))
        self._asked[key] = info
        return Work(key, config, until)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """It is told the last loss alone."""
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """Tells it; a failed training counts as bad as the worst one."""
        info = self._asked.pop(work.key)
        if math.isnan(loss):
            cost = self._worst if math.isfinite(self._worst) else 1e6
            value = TrialValue(cost=cost, status=StatusType.CRASHED)
        else:
            self._worst = max(self._worst, loss)
            value = TrialValue(cost=loss)
        self._facade.tell(info, value, save=False)


def build(task: Task, seed: int, workers: int, trainings: float) -> Smac:
    """The search on a task."""
    logging.disable(logging.ERROR)
    warnings.filterwarnings("ignore")
    return Smac(task, task.seed(seed), trainings)
