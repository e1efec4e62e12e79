"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from search_spaces.choice import Optimizer
from search_spaces.dimensions import Between


class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba, ICLR 2015); the penalty is part of the gradient."""

    lr: Annotated[float, Between(1e-4, 1e-1, log=True), Field(gt=0)] = 1e-3
    """Learning rate."""
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Decay of the mean of the gradients."""
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the mean of the squared gradients."""
    weight_decay: Annotated[float, Between(1e-7, 1e-3, log=True), Field(ge=0)] = 1e-6
    """L2 penalty."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch's Adam, all tensors in one fused step."""
        return torch.optim.Adam(
            parameters, lr=self.lr, betas=(self.beta1, self.beta2), weight_decay=self.weight_decay, fused=True
        )
