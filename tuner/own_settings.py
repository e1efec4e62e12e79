"""A network that goes on from another trial's checkpoint: its optimizers' memory stays, their settings are its own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import lightning.pytorch as L
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

PROGRESS = {
    "best",
    "cooldown_counter",
    "last_epoch",
    "mode_worse",
    "num_bad_epochs",
    "_is_initial",
    "_last_lr",
    "_step_count",
}
"""What of a learning-rate schedule's state says how far it has come; all else are its settings."""


class OwnSettings(L.Callback):
    """Puts the trial's own settings back that loading a checkpoint has overwritten with those of another trial.

    Optimizers keep the moments that they were loaded with, unless a setting went from nothing to something or back
    (momentum from 0 to 0.9): then what they remember is not what they need, and they begin afresh.
    """

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Optimizers and schedules have just been made, with the trial's own settings; nothing is loaded yet."""
        self._optimizers = [deepcopy(optimizer.state_dict()) for optimizer in trainer.optimizers]
        self._schedules = [deepcopy(config.scheduler.state_dict()) for config in trainer.lr_scheduler_configs]

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Everything is loaded."""
        loaded = [[float(group["lr"]) for group in optimizer.param_groups] for optimizer in trainer.optimizers]
        for optimizer, own in zip(trainer.optimizers, self._optimizers, strict=True):
            _restore(optimizer, own)
        for config, own in zip(trainer.lr_scheduler_configs, self._schedules, strict=True):
            at = next(place for place, it in enumerate(trainer.optimizers) if it is config.scheduler.optimizer)
            _go_on(config.scheduler, own, loaded[at])


def _restore(optimizer: Optimizer, own: dict[str, Any]) -> None:
    pairs = list(zip(optimizer.param_groups, own["param_groups"], strict=True))
    if any(bool(loaded[key]) != bool(fresh[key]) for loaded, fresh in pairs for key in fresh.keys() - {"params", "lr"}):
        optimizer.load_state_dict(own)
        return
    for loaded, fresh in pairs:
        loaded.update({key: value for key, value in fresh.items() if key != "params"})


def _go_on(schedule: Any, own: dict[str, Any], rates: list[float]) -> None:
    """Take up the schedule where it stood, with its own settings and learning rate.

    Args:
        schedule: As it was loaded, with the other trial's settings.
        own: Its state when it was made.
        rates: The learning rates that were loaded.
    """
    groups = schedule.optimizer.param_groups
    shares = [rate / base for rate, base in zip(rates, getattr(schedule, "base_lrs", ()), strict=False)]
    settings = {key: value for key, value in own.items() if key not in PROGRESS}
    schedule.load_state_dict({**schedule.state_dict(), **settings})
    if isinstance(schedule, LambdaLR):  # a schedule of other settings asks for another share at the same place
        shares = [factor(schedule.last_epoch) for factor in schedule.lr_lambdas]
    for group, base, share in zip(groups, getattr(schedule, "base_lrs", ()), shares, strict=False):
        group["lr"] = base * share
    schedule._last_lr = [float(group["lr"]) for group in groups]
