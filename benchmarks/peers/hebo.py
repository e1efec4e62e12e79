"""HEBO, each configuration trained to the end (Cowen-Rivers et al., JAIR 74, 2022)."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO
from quality.play import Work
from quality.tasks import Config, Task

PACKAGES = ("HEBO",)


class Hebo:
    """HEBO by suggest and observe, at its defaults; ordered lists are indices, conditional spaces are searched whole.

    Args:
        task: The task.
        seed: Its Sobol points' and, as it draws from the global generators, theirs.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self._task, self._worst = task, -math.inf
        np.random.seed(seed)
        torch.manual_seed(seed)
        space = DesignSpace().parse([_parameter(name, about) for name, about in task.space.items()])
        self._hebo = HEBO(space, scramble_seed=seed)
        self._asked: dict[Any, Any] = {}
        self._numbers = itertools.count()

    def ask(self) -> Work:
        """A new configuration, whole."""
        number = next(self._numbers)
        suggestion = self._asked[number] = self._hebo.suggest(n_suggestions=1)
        return Work(number, self._config(suggestion.iloc[0].to_dict()), self._task.top)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """It is told the last loss alone."""
        return True

    def end(self, work: Work, level: int, loss: float) -> None:
        """Tells it; a failed training counts as bad as the worst one."""
        if math.isnan(loss):
            loss = self._worst if math.isfinite(self._worst) else 1e6
        self._worst = max(self._worst, loss)
        self._hebo.observe(self._asked.pop(work.key), np.array([[loss]]))

    def _config(self, found: Mapping[str, Any]) -> Config:
        return {name: _value(about, found[name]) for name, about in self._task.space.items()}


def _parameter(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    match about["type"]:
        case "float":
            return {"name": name, "type": "pow" if about["log"] else "num", "lb": about["low"], "ub": about["high"]}
        case "int":
            kind = "pow_int" if about["log"] else "int"
            return {"name": name, "type": kind, "lb": about["low"], "ub": about["high"]}
        case "ord":
            return {"name": name, "type": "int", "lb": 0, "ub": len(about["choices"]) - 1}
        case _:
            return {"name": name, "type": "cat", "categories": list(about["choices"])}


def _value(about: Mapping[str, Any], found: Any) -> Any:
    match about["type"]:
        case "float":
            return float(found)
        case "int":
            return int(found)
        case "ord":
            return about["choices"][int(found)]
        case _:
            return found


def build(task: Task, seed: int, workers: int, trainings: float) -> Hebo:
    """The search on a task."""
    logging.disable(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    return Hebo(task, task.seed(seed))
