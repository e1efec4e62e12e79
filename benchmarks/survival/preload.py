"""Everything a driver imports, imported once before any is forked."""

from __future__ import annotations

import importlib
import os

from search_spaces import plugins

MODULES = (
    "torch", "lightning.pytorch", "torchmetrics", "mlflow", "mlflow.pytorch", "sklearn.datasets", "pandas", "optuna",
    "ray.tune", "tuner.sweep", "tuner.trial", "tuner.display", "tuner.conclusion", "tuner.building", "tuner.restoring",
    "tuner.runners.inline", "tuner.modules.supervised", "sqlalchemy.dialects.sqlite",
    "mlflow.store.tracking.sqlalchemy_store",
)  # fmt: skip


def preload() -> None:
    """Import without starting a thread: a forked process has the forking thread alone."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for module in MODULES:
        importlib.import_module(module)
    for kind in ("tuner.searchers", "tuner.schedulers"):
        for name in plugins.names(kind):
            plugins.find(kind, name)
