"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from search_spaces.choice import Optimizer
from search_spaces.dimensions import Between


class Adagrad(Optimizer):
    """Steps divided by the sum of all gradients so far (Duchi et al., JMLR 2011): for rare features, such as words."""

    lr: Annotated[float, Between(1e-3, 1.0, log=True), Field(gt=0)] = 1e-2
    """Learning rate."""
    initial: Annotated[float, Field(ge=0)] = 0.0
    """The sum of squared gradients to begin with: above zero the first steps are shorter."""
    weight_decay: Annotated[float, Between(1e-7, 1e-3, log=True), Field(ge=0)] = 1e-6
    """L2 penalty."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch's Adagrad: all tensors in one fused step on a CPU, in one call for each operation elsewhere."""
        given = list(parameters)
        fused = all(parameter.device.type == "cpu" for parameter in given)
        return torch.optim.Adagrad(
            given,
            lr=self.lr,
            initial_accumulator_value=self.initial,
            weight_decay=self.weight_decay,
            fused=fused,
            foreach=not fused,
        )
