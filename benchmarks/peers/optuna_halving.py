"""Random search with Optuna's successive halving (Jamieson and Talwalkar, AISTATS 2016; Li et al., MLSys 2020)."""

from __future__ import annotations

from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import RandomSampler
from quality.tasks import Task

from peers._optuna import Study

PACKAGES = ("optuna",)


def build(task: Task, seed: int, workers: int, trainings: float) -> Study:
    """The search on a task; the pruner's settings are its defaults, with one epoch as the least."""
    return Study(task, RandomSampler(seed=task.seed(seed)), SuccessiveHalvingPruner(min_resource=1))
