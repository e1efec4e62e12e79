"""Mean squared error."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from search_spaces.choice import Loss


class Mse(Loss):
    """Mean of the squared errors: large errors count most."""

    tasks: ClassVar[tuple[str, ...]] = ("regression", "forecasting")

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """torch's own, the mean over batch and targets."""
        return nn.MSELoss()
