"""VGG."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.layers.limits import require_side
from search_spaces.shape import Kind, Shape

CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""How many in each of the five stages, by depth."""
CHANNELS = (64, 128, 256, 512, 512)
HIDDEN = 4096


class Vgg(Architecture):
    """VGG (Simonyan and Zisserman, ICLR 2015): nothing but 3 x 3 convolutions and pooling; plain, heavy and robust.

    The networks of the paper are `{depth: 11, head: imagenet, width: 1, norm: none}` and deeper.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    depth: Annotated[Literal[11, 13, 16, 19], Among(11, 13, shapes=True)] = 11
    """Layers with weights, as the paper counts them."""
    width: Annotated[float, Among(0.125, 0.25, 0.5, shapes=True), Field(gt=0)] = 0.25
    """Channels and hidden units as a multiple of the paper's."""
    norm: Annotated[Literal["none", "batch"], Among("none", "batch", shapes=True)] = "batch"
    """What evens out the channels before the activation; the paper has none."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "leaky_relu", "swish")
    ] = "relu"
    """What follows every convolution and every hidden layer."""
    head: Literal["small", "imagenet"] = "small"
    """`small`: one linear layer over the average of what is left; `imagenet`: the paper's two hidden layers over a grid
    of 7 x 7."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.5
    """Share of features that are silenced before the last layer, and after each hidden layer, in each training step."""
    init: Annotated[Initialisation, Among("kaiming", "xavier", "orthogonal")] = "kaiming"
    """What weights training starts from; `default` is torch's own."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Five stages, each ends in pooling until one pixel is left; `inputs` is (channels, height, width)."""
        if self.head == "imagenet":
            require_side(inputs, 32, "vgg with head=imagenet", "set head to small")
        layers: list[nn.Module] = []
        before, side = inputs[0], min(inputs[1:])
        for count, channels in zip(CONVOLUTIONS[self.depth], CHANNELS, strict=True):
            layers += self._stage(before, wider := self._scaled(channels), count, side > 1)
            before, side = wider, side // 2
        head = self._deep_head if self.head == "imagenet" else self._shallow_head
        return initialise(nn.Sequential(*layers, *head(before, outputs)), self.init)

    def _scaled(self, count: int) -> int:
        return max(1, round(count * self.width))

    def _stage(self, before: int, channels: int, count: int, pool: bool) -> list[nn.Module]:
        layers = [
            layer for number in range(count) for layer in self._convolution(channels if number else before, channels)
        ]
        return [*layers, nn.MaxPool2d(2)] if pool else layers

    def _convolution(self, before: int, after: int) -> list[nn.Module]:
        plain = self.norm == "none"
        convolution = nn.Conv2d(before, after, 3, padding=1, bias=plain)
        norm = [] if plain else [nn.BatchNorm2d(after)]
        return [convolution, *norm, activation(self.activation)]

    def _deep_head(self, channels: int, outputs: int) -> list[nn.Module]:
        hidden = self._scaled(HIDDEN)
        layers = [*self._hidden(channels * 7 * 7, hidden), *self._hidden(hidden, hidden)]
        return [nn.AdaptiveAvgPool2d(7), nn.Flatten(), *layers, nn.Linear(hidden, outputs)]

    def _hidden(self, features: int, width: int) -> list[nn.Module]:
        return [nn.Linear(features, width), activation(self.activation), nn.Dropout(self.dropout)]

    def _shallow_head(self, channels: int, outputs: int) -> list[nn.Module]:
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(self.dropout), nn.Linear(channels, outputs)]
