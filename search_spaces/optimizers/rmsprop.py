"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from search_spaces.choice import Optimizer
from search_spaces.dimensions import Among, Between


class Rmsprop(Optimizer):
    """Steps divided by a running mean of the gradients' size (Tieleman and Hinton, Coursera lecture 6.5, 2012)."""

    lr: Annotated[float, Between(1e-4, 1e-2, log=True), Field(gt=0)] = 1e-3
    """Learning rate."""
    smoothing: Annotated[float, Between(0.9, 0.999), Field(ge=0, lt=1)] = 0.99
    """Decay of the mean of the squared gradients."""
    momentum: Annotated[float, Between(0.0, 0.95), Field(ge=0, lt=1)] = 0.0
    """Share of the last step that goes into the next."""
    centered: Annotated[bool, Among(False, True)] = False
    """Divide by the gradients' deviation around their mean (Graves, 2013) instead of their size."""
    weight_decay: Annotated[float, Between(1e-7, 1e-3, log=True), Field(ge=0)] = 1e-6
    """L2 penalty."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch's RMSprop, all tensors in one call for each operation; torch has no fused one."""
        return torch.optim.RMSprop(
            parameters,
            lr=self.lr,
            alpha=self.smoothing,
            momentum=self.momentum,
            centered=self.centered,
            weight_decay=self.weight_decay,
            foreach=True,
        )
