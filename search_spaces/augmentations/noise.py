"""Noisy series."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Between
from search_spaces.shape import Kind


class Noise(Augmentation):
    """Gaussian noise on every number, and each sample a little larger or smaller (Um et al., ICMI 2017)."""

    fits: ClassVar[tuple[Kind, ...]] = ("series", "vector")

    deviation: Annotated[float, Between(0.0, 0.3), Field(ge=0)] = 0.05
    """Deviation of the noise; standardised samples have 1 themselves."""
    scale: Annotated[float, Between(0.0, 0.3), Field(ge=0)] = 0.0
    """Deviation of the factor that a sample's channel is multiplied by, around 1."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """Scales, then adds."""
        return Steps(self._scaled, self._noisy)

    def _scaled(self, x: Tensor) -> Tensor:
        # One factor for all steps of a channel; a vector is one step.
        return x * (1 + self.scale * torch.randn_like(x[:, :1]))

    def _noisy(self, x: Tensor) -> Tensor:
        return x + self.deviation * torch.randn_like(x)
