"""The module that augmentations build: steps that each change a whole batch, while training only."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

Step = Callable[[Tensor], Tensor]
"""A batch in, a batch of the same shape out."""


class Steps(nn.Module):
    """Takes the steps one after the other in training mode, and none in evaluation mode."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Tensor) -> Tensor:
        """The changed batch."""
        if self.training:
            for step in self.steps:
                x = step(x)
        return x
