"""A fully connected network."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from torch import nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.layers.residual import Residual
from search_spaces.shape import Shape


def _written(widths: Any) -> Any:
    """`[128, 64]` and `128` as `128-64` and `128`."""
    if isinstance(widths, list | tuple):
        return "-".join(str(width) for width in widths)
    return str(widths) if isinstance(widths, int) else widths


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
    norm: Annotated[Literal["none", "batch", "layer"], Among("none", "batch", "layer", shapes=True)] = "none"
    """What evens out the units before the activation."""
    skip: Annotated[bool, Among(False, True, shapes=True)] = False
    """Add the input of a hidden layer to its output where both have the same width."""
    init: Annotated[Initialisation, Among("default", "kaiming", "xavier", "orthogonal")] = "default"
    """What weights training starts from; `default` is torch's own."""
    hidden: Annotated[Annotated[str, Field(pattern=r"^[1-9]\d*(-[1-9]\d*)*$")] | None, BeforeValidator(_written)] = None
    """Units of each hidden layer, instead of width and depth: `128-64` makes 784-128-64-10 of 28 x 28 pixels."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Flatten, the hidden layers, a linear head."""
        widths = [math.prod(inputs), *self._hidden()]
        layers: list[nn.Module] = [nn.Flatten()]
        for features, width in pairwise(widths):
            layers += self._layer(features, width)
        return initialise(nn.Sequential(*layers, nn.Linear(widths[-1], outputs)), self.init)

    def _hidden(self) -> list[int]:
        return [int(width) for width in self.hidden.split("-")] if self.hidden else [self.width] * self.depth

    def _layer(self, features: int, width: int) -> list[nn.Module]:
        layers = [
            nn.Linear(features, width, bias=self.norm != "batch"),
            *self._norm(width),
            activation(self.activation),
            nn.Dropout(self.dropout),
        ]
        return [Residual(nn.Sequential(*layers))] if self.skip and features == width else layers

    def _norm(self, width: int) -> list[nn.Module]:
        if self.norm == "none":
            return []
        return [nn.BatchNorm1d(width) if self.norm == "batch" else nn.LayerNorm(width)]
