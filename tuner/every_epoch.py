"""What happens at the end of each epoch: a checkpoint, then a report, then the order to go on or to stop."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import lightning.pytorch as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Checkpoint

from tracking import checkpoints
from tracking.records import Report
from tuner.assignment import Assignment
from tuner.errors import MetricError
from tuner.memory import PeakMemory
from tuner.seeds import seed_of

Reporter = Callable[[Report], bool]
"""Takes a report, and says whether to go on."""

STATE = "EveryEpoch"


class EveryEpoch(Checkpoint):
    """Seeds each epoch, keeps its checkpoint and reports it.

    It is one of Lightning's `Checkpoint` callbacks, which run last, when an epoch's metrics are all there. Its state
    travels in the checkpoint: a trial that was killed between the checkpoint and the report still makes that report.
    """

    state_key = STATE

    def __init__(self, assignment: Assignment, report: Reporter, patience: int = 0) -> None:
        self.assignment = assignment
        self.patience = patience
        self.report = report
        self.seconds = 0.0
        self.metrics: dict[str, float] = {}
        self.best: tuple[int, float] | None = None

    def state_dict(self) -> dict[str, Any]:
        """What a later turn must know."""
        return {"metrics": self.metrics, "seconds": self.seconds, "best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from an earlier turn."""
        self.metrics, self.seconds = state_dict["metrics"], state_dict["seconds"]
        self.best = tuple(state_dict["best"]) if state_dict["best"] else None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clocks."""
        self._memory = PeakMemory(gpu=self.assignment.gpus > 0)
        self._since = time.monotonic()

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """The epoch's random numbers follow from the trial's seed and the epoch, in whichever turn it runs."""
        seed_everything(seed_of(self.assignment.seed, "epoch", trainer.current_epoch))

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Checkpoint first, so that what was reported can always be gone on from."""
        step = trainer.current_epoch + 1
        self._measure(trainer, step)
        saved = checkpoints.save(self.assignment.folder, step, trainer.save_checkpoint)
        checkpoints.keep(self.assignment.folder, {step, step - 1, self.best[0] if self.best else step})
        going_on = self.report(Report(step, self.metrics, self.seconds, saved))
        if not going_on or out_of_patience(self.patience, step, self.best):
            trainer.should_stop = True

    def _measure(self, trainer: L.Trainer, step: int) -> None:
        now = time.monotonic()
        self.seconds, self._since = self.seconds + now - self._since, now
        self.metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        objective = self.assignment.objective
        if objective.metric not in self.metrics:
            reported = ", ".join(sorted(self.metrics))
            raise MetricError(f"the objective {objective.metric!r} is not among the reported metrics: {reported}")
        if objective.better(value := self.metrics[objective.metric], self.best and self.best[1]):
            self.best = step, value
        if trainer.optimizers:
            self.metrics["lr"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        self.metrics |= {"seconds": self.seconds, "peak_memory_mb": self._memory.megabytes()}


def out_of_patience(patience: int, step: int, best: tuple[int, float] | None) -> bool:
    """Whether the best epoch lies so many epochs back that a trial ends by itself; a patience of 0 never ends."""
    return patience > 0 and step - (best[0] if best else 0) >= patience


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch; Lightning's own function also writes to the environment and logs a line."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
