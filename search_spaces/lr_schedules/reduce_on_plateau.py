"""A learning rate that falls when learning stalls."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, SupportsFloat

import torch
from pydantic import Field
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from search_spaces.choice import LrSchedule
from search_spaces.dimensions import Among, Between


class ReduceOnPlateau(LrSchedule):
    """The learning rate is cut when the validation loss has not fallen for some epochs."""

    interval: ClassVar[Literal["step", "epoch"]] = "epoch"
    monitor: ClassVar[str | None] = "val/loss"

    patience: Annotated[int, Between(1, 5), Field(ge=0)] = 2
    """Epochs without progress that are let pass before the cut."""
    gamma: Annotated[float, Among(0.1, 0.2, 0.5), Field(gt=0, lt=1)] = 0.5
    """What a cut multiplies the learning rate by."""

    def build(self, optimizer: torch.optim.Optimizer, steps: int, epochs: int) -> LRScheduler:
        """torch's scheduler, which counts once the warm-up is over; that goes by whole epochs."""
        return _WarmPlateau(optimizer, round(self.warmup * epochs), factor=self.gamma, patience=self.patience)


class _WarmPlateau(ReduceLROnPlateau):
    def __init__(self, optimizer: torch.optim.Optimizer, warm: int, factor: float, patience: int) -> None:
        self.warm = warm
        self.base_lrs = [float(group["lr"]) for group in optimizer.param_groups]
        super().__init__(optimizer, mode="min", factor=factor, patience=patience)
        self._set_warm_rate()

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        if self.last_epoch >= self.warm:
            super().step(metrics)
            return
        self.last_epoch += 1
        self._set_warm_rate()

    def _set_warm_rate(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base * (self.last_epoch + 1) / (self.warm + 1)
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]
