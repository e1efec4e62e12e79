"""Optuna's Gaussian process, each configuration trained to the end."""

from __future__ import annotations

import warnings

from optuna.samplers import GPSampler
from quality.tasks import Task

from peers._optuna import Study

PACKAGES = ("optuna", "torch")


def build(task: Task, seed: int, workers: int, trainings: float) -> Study:
    """The search on a task; conditional spaces are searched whole: it would draw conditional parameters at random."""
    import torch

    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="optuna")
    return Study(task, GPSampler(seed=task.seed(seed)), whole=True)
