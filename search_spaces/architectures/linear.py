"""A linear classifier."""

from __future__ import annotations

import math

from torch import nn

from search_spaces.choice import Architecture
from search_spaces.shape import Shape


class Linear(Architecture):
    """One linear layer, softmax regression: the baseline that everything else must beat."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Flatten, then one layer."""
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(inputs), outputs))
