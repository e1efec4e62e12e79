"""An Optuna study as a method: ask and tell, with the pruner asked at every level."""

from __future__ import annotations

import math
from typing import Any

import optuna
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler
from optuna.trial import TrialState
from quality.play import Work
from quality.tasks import Config, Task

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Study:
    """A study that minimises.

    Args:
        task: The task.
        sampler: Optuna's, seeded.
        pruner: Optuna's; it sees a report at every level.
        whole: Suggest inactive hyperparameters too, for samplers that would draw conditional ones at random.
    """

    def __init__(
        self, task: Task, sampler: BaseSampler, pruner: BasePruner | None = None, *, whole: bool = False
    ) -> None:
        self._task, self._whole = task, whole
        self._pruner = pruner or NopPruner()
        self._study = optuna.create_study(sampler=sampler, pruner=self._pruner)
        self._trials: dict[Any, optuna.Trial] = {}

    def ask(self) -> Work:
        """A new trial."""
        trial = self._study.ask()
        self._trials[trial.number] = trial
        return Work(trial.number, suggest(self._task, trial, whole=self._whole), self._task.top)

    def report(self, work: Work, level: int, loss: float) -> bool:
        """Goes on unless the pruner wants it stopped."""
        if isinstance(self._pruner, NopPruner):
            return True
        trial = self._trials[work.key]
        trial.report(loss, int(self._task.amounts[level - 1]))
        return not trial.should_prune()

    def end(self, work: Work, level: int, loss: float) -> None:
        """Tells the study: complete, pruned or failed."""
        trial = self._trials.pop(work.key)
        if math.isnan(loss):
            self._study.tell(trial, state=TrialState.FAIL)
        elif level < self._task.top:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, loss)


def suggest(task: Task, trial: Any, *, whole: bool = False) -> Config:
    """A configuration drawn define-by-run, ordered lists as indices: active hyperparameters, or all of them."""
    found: Config = {}
    for name, about in task.space.items():
        if not whole and not task.holds(name, found):
            continue
        match about["type"]:
            case "float":
                found[name] = trial.suggest_float(name, about["low"], about["high"], log=about["log"])
            case "int":
                found[name] = trial.suggest_int(name, about["low"], about["high"], log=about["log"])
            case "ord":
                found[name] = about["choices"][trial.suggest_int(name, 0, len(about["choices"]) - 1)]
            case _:
                found[name] = trial.suggest_categorical(name, about["choices"])
    return found
