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
from tuner import measures
from tuner.assignment import Assignment
from tuner.building import exportable_of
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
    What a checkpoint that was taken over from another trial says of its past is that trial's, and is not gone on with.
    """

    state_key = STATE

    def __init__(self, assignment: Assignment, report: Reporter, patience: int = 0) -> None:
        self.assignment = assignment
        self.patience = patience
        self.report = report
        self.seconds = 0.0
        self.metrics: dict[str, float] = {}
        self.best: tuple[int, float] | None = None
        self.standing: dict[str, float] | None = None
        self.measured: dict[str, float] = {}

    def state_dict(self) -> dict[str, Any]:
        """What a later turn must know."""
        origin = origin_of(self.assignment)
        return {
            "metrics": self.metrics,
            "seconds": self.seconds,
            "best": self.best,
            "standing": self.standing,
            "measured": self.measured,
            "origin": origin,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from an earlier turn."""
        inheritance = self.assignment.inheritance
        if inheritance and state_dict.get("origin") != inheritance.checkpoint.digest:
            self.seconds, self.best = inheritance.seconds, inheritance.best
            self.standing = {self.assignment.objective.metric: self.best[1]} if self.best else None
            return
        self.metrics, self.seconds = state_dict["metrics"], state_dict["seconds"]
        self.best = tuple(state_dict["best"]) if state_dict["best"] else None
        self.standing, self.measured = state_dict.get("standing"), state_dict.get("measured", {})

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
        self._measure(trainer, pl_module)
        self._compare(step, list(trainer.callback_metrics))
        saved = checkpoints.save(self.assignment.folder, step, trainer.save_checkpoint)
        best = self.best[0] if self.best else step
        checkpoints.keep(self.assignment.folder, {step, step - 1, best, *self.assignment.kept})
        going_on = self.report(Report(step, self.metrics, self.seconds, saved))
        if not going_on or out_of_patience(self.patience, step, self.best):
            trainer.should_stop = True

    def _measure(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        now = time.monotonic()
        epoch_seconds, self.seconds = now - self._since, self.seconds + now - self._since
        self.measured = self.measured or self._measure_network(module)
        self.metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if trainer.optimizers:
            self.metrics["lr"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        memory = self._memory.megabytes()
        self.metrics |= {"seconds": self.seconds, "peak_memory_mb": memory, **self.measured}
        if "epoch_seconds" in self.assignment.measured:
            self.metrics["epoch_seconds"] = epoch_seconds
        self._since = time.monotonic()

    def _measure_network(self, module: L.LightningModule) -> dict[str, float]:
        """Once a trial; the latency, which takes a moment, only where it is asked for."""
        found = measures.sizes(module)
        if "latency_ms" in self.assignment.measured:
            found["latency_ms"] = measures.latency_ms(*exportable_of(module, self.assignment))
        return found

    def _compare(self, step: int, reported: list[str]) -> None:
        """Whether this epoch is the one that the trial stands for from now on."""
        goals = self.assignment.goals
        if missing := [metric for metric in goals.metrics if metric not in self.metrics]:
            names = ", ".join(sorted(reported))
            raise MetricError(f"the objective {missing[0]!r} is not among the reported metrics: {names}")
        if goals.better(self.metrics, self.standing):
            self.standing = {metric: self.metrics[metric] for metric in goals.metrics}
            self.best = step, self.metrics[goals.leading.metric]


def origin_of(assignment: Assignment) -> str | None:
    """The digest of the checkpoint that a trial took over last: its own later ones say so."""
    return assignment.inheritance.checkpoint.digest if assignment.inheritance else None


def out_of_patience(patience: int, step: int, best: tuple[int, float] | None) -> bool:
    """Whether the best epoch lies so many epochs back that a trial ends by itself; a patience of 0 never ends."""
    return patience > 0 and step - (best[0] if best else 0) >= patience


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch; Lightning's own function also writes to the environment and logs a line."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
