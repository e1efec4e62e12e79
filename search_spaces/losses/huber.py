"""Huber loss."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from search_spaces.choice import Loss
from search_spaces.dimensions import Between


class Huber(Loss):
    """Squared where errors are small, absolute where they are large (Huber, 1964): for targets with outliers."""

    tasks: ClassVar[tuple[str, ...]] = ("regression", "forecasting")

    delta: Annotated[float, Between(0.1, 10.0, log=True), Field(gt=0)] = 1.0
    """The error, in the target's unit, at which one goes over into the other."""

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """torch's own, the mean over batch and targets."""
        return nn.HuberLoss(delta=self.delta)
