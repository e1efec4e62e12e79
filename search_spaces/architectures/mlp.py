"""A fully connected network."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.shape import Shape


class Mlp(Architecture):
    """Fully connected network; a good first baseline for tables and small images."""

    width: Annotated[int, Between(32, 1024, log=True, shapes=True), Field(ge=1)] = 128
    """Units in every hidden layer."""
    depth: Annotated[int, Between(1, 10, shapes=True), Field(ge=1)] = 2
    """Number of hidden layers."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"],
        Among("relu", "leaky_relu", "swish", "tanh", "sigmoid"),
    ] = "relu"
    """What follows every hidden layer."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.1
    """Share of hidden units that are silenced in each training step."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Flatten, the hidden layers, a linear head."""
        layers: list[nn.Module] = [nn.Flatten()]
        features = math.prod(inputs)
        for _ in range(self.depth):
            layers += [nn.Linear(features, self.width), activation(self.activation), nn.Dropout(self.dropout)]
            features = self.width
        return nn.Sequential(*layers, nn.Linear(features, outputs))
