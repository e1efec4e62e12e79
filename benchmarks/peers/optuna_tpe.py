"""Optuna's default: TPE, each configuration trained to the end (Bergstra et al., NeurIPS 2011)."""

from __future__ import annotations

from optuna.samplers import TPESampler
from quality.tasks import Task

from peers._optuna import Study

PACKAGES = ("optuna",)


def build(task: Task, seed: int, workers: int, trainings: float) -> Study:
    """The search on a task; the sampler's settings are its defaults."""
    return Study(task, TPESampler(seed=task.seed(seed)))
