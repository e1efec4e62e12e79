"""Optuna's TPE with its Hyperband pruner (Falkner et al., ICML 2018, is the idea)."""

from __future__ import annotations

from optuna.pruners import HyperbandPruner
from optuna.samplers import TPESampler
from quality.tasks import Task

from peers._optuna import Study

PACKAGES = ("optuna",)


def build(task: Task, seed: int, workers: int, trainings: float) -> Study:
    """The search on a task; the pruner is told what a full training is, the rest is at the defaults."""
    pruner = HyperbandPruner(min_resource=1, max_resource=int(task.amounts[-1]))
    return Study(task, TPESampler(seed=task.seed(seed)), pruner)
