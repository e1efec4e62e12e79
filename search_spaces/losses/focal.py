"""Focal loss."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.choice import Loss
from search_spaces.dimensions import Between
from search_spaces.losses._weighting import ClassWeights, chosen, mean


class Focal(Loss):
    """Cross-entropy that counts the easy samples less (Lin et al., ICCV 2017): for rare classes."""

    tasks: ClassVar[tuple[str, ...]] = ("classification", "multilabel")

    gamma: Annotated[float, Between(0.5, 5.0), Field(ge=0)] = 2.0
    """How much less a sample counts the surer the network is of its target; 0 is cross-entropy."""
    class_weights: ClassWeights = "none"
    """`balanced` gives each class the same weight in sum, however rare it is in the training part."""

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """The (weighted) mean of (1 - p)^gamma times -log p; p is what the network gives the target."""
        return _Focal(self.gamma, chosen(self.class_weights, weights))


class _Focal(nn.Module):
    weights: Tensor | None

    def __init__(self, gamma: float, weights: Tensor | None) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("weights", weights)

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if not targets.is_floating_point():
            return mean(self._focal(F.cross_entropy(outputs, targets, reduction="none")), targets, self.weights)
        each = self._focal(F.binary_cross_entropy_with_logits(outputs, targets, reduction="none"))
        return (each if self.weights is None else each * torch.where(targets > 0.5, self.weights, 1.0)).mean()

    def _focal(self, surprise: Tensor) -> Tensor:
        # Above zero, because a power below one has no slope at zero.
        doubt = (-torch.expm1(-surprise)).clamp_min(1e-12)
        return doubt**self.gamma * surprise
