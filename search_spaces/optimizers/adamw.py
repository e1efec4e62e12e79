"""AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from search_spaces.choice import Optimizer
from search_spaces.dimensions import Between


class Adamw(Optimizer):
    """Adam with the weight decay apart from the gradient (Loshchilov and Hutter, ICLR 2019)."""

    lr: Annotated[float, Between(1e-4, 1e-1, log=True), Field(gt=0)] = 1e-3
    """Learning rate."""
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Decay of the mean of the gradients."""
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the mean of the squared gradients."""
    weight_decay: Annotated[float, Between(1e-5, 1e-1, log=True), Field(ge=0)] = 1e-2
    """Share of each weight, times the learning rate, that is taken off in a step."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch's AdamW, all tensors in one fused step."""
        return torch.optim.AdamW(
            parameters, lr=self.lr, betas=(self.beta1, self.beta2), weight_decay=self.weight_decay, fused=True
        )
