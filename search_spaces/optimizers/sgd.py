"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from search_spaces.choice import Optimizer
from search_spaces.dimensions import Among, Between


class Sgd(Optimizer):
    """Stochastic gradient descent with momentum (Sutskever et al., ICML 2013)."""

    lr: Annotated[float, Between(1e-3, 1.0, log=True), Field(gt=0)] = 0.05
    """Learning rate."""
    momentum: Annotated[float, Between(0.0, 0.99), Field(ge=0, lt=1)] = 0.9
    """Share of the last step that goes into the next."""
    nesterov: Annotated[bool, Among(False, True)] = False
    """Look ahead along the momentum before taking the gradient; needs momentum above zero."""
    weight_decay: Annotated[float, Between(1e-6, 1e-2, log=True), Field(ge=0)] = 1e-4
    """L2 penalty."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """torch's SGD, all tensors in one fused step."""
        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
            weight_decay=self.weight_decay,
            fused=True,
        )
