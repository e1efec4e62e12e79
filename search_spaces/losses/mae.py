"""Mean absolute error."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from search_spaces.choice import Loss


class Mae(Loss):
    """Mean of the absolute errors: outliers count no more than their size."""

    tasks: ClassVar[tuple[str, ...]] = ("regression", "forecasting")

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """torch's own, the mean over batch and targets."""
        return nn.L1Loss()
