"""A plain convolutional network."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.layers.residual import Residual
from search_spaces.shape import Kind, Shape


class Convnet(Architecture):
    """Convolution, batch norm, activation and pooling, a few times over; a good first choice for small images."""

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    channels: Annotated[int, Between(8, 64, log=True, shapes=True), Field(ge=1)] = 16
    """Channels of the first block; each further block has twice as many."""
    blocks: Annotated[int, Between(1, 3, shapes=True), Field(ge=1)] = 2
    """Number of blocks; each halves height and width until one pixel is left."""
    kernel: Annotated[int, Among(3, 5, shapes=True), Field(ge=1)] = 3
    """Side of the convolution window, in pixels; odd."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "leaky_relu", "swish")
    ] = "relu"
    """What follows every convolution."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.1
    """Share of features that are silenced before the head in each training step."""
    norm: Annotated[Literal["none", "batch"], Among("none", "batch", shapes=True)] = "batch"
    """What evens out the channels before the activation."""
    skip: Annotated[bool, Among(False, True, shapes=True)] = False
    """Add the input of a convolution to its output, through a 1 x 1 convolution that gives it as many channels."""
    init: Annotated[Initialisation, Among("default", "kaiming", "xavier", "orthogonal")] = "default"
    """What weights training starts from; `default` is torch's own."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """The blocks, then a linear head over what they leave; `inputs` is (channels, height, width)."""
        if self.skip and self.kernel % 2 == 0:
            raise ValueError(f"skip needs an odd kernel, got kernel={self.kernel}; set kernel to {self.kernel + 1}")
        channels, height, width = inputs
        layers: list[nn.Module] = []
        for block in range(self.blocks):
            layers += self._block(channels, wider := self.channels * 2**block, min(height, width) > 1)
            channels, height, width = wider, max(1, height // 2), max(1, width // 2)
        head = [nn.Flatten(), nn.Dropout(self.dropout), nn.Linear(channels * height * width, outputs)]
        return initialise(nn.Sequential(*layers, *head), self.init)

    def _block(self, channels: int, wider: int, pool: bool) -> list[nn.Module]:
        layers = self._convolution(channels, wider)
        if self.skip:
            layers = [Residual(nn.Sequential(*layers), nn.Conv2d(channels, wider, 1, bias=False))]
        return [*layers, activation(self.activation), *([nn.MaxPool2d(2)] if pool else [])]

    def _convolution(self, channels: int, wider: int) -> list[nn.Module]:
        plain = self.norm == "none"
        convolution = nn.Conv2d(channels, wider, self.kernel, padding=self.kernel // 2, bias=plain)
        return [convolution] if plain else [convolution, nn.BatchNorm2d(wider)]
