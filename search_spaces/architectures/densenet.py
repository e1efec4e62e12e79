"""Densely connected convolutional networks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.layers.limits import require_side
from search_spaces.shape import Kind, Shape

FOUR_BLOCKS = {121: (6, 12, 24, 16), 161: (6, 12, 36, 24), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
"""Layers in each block of the paper's networks for photographs, by depth."""


class Densenet(Architecture):
    """DenseNet-BC (Huang et al., CVPR 2017): every layer sees all before it; accurate with few weights.

    Depth 22, 40, 100, 190 or 250: three blocks of equal length, for small images. Depth 121, 169, 201 (with
    `growth: 32`) or 161 (with `growth: 48`): four blocks, for photographs together with `stem: imagenet`.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)
    smallest: ClassVar[int] = 4

    depth: Annotated[Literal[22, 40, 100, 190, 250, 121, 161, 169, 201], Among(22, 40, shapes=True)] = 22
    """Layers with weights, as the paper counts them."""
    growth: Annotated[int, Between(8, 16, step=4, shapes=True), Field(ge=1)] = 12
    """Channels that each layer adds."""
    stem: Literal["small", "imagenet"] = "small"
    """`small`: begins with one 3 x 3 convolution; `imagenet`: with a 7 x 7 convolution and pooling, which leave a
    quarter of each side."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "leaky_relu", "swish")
    ] = "relu"
    """What comes before every convolution."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.0
    """Share of a layer's new features that are silenced in each training step; the paper's is 0.2 on plain data."""
    init: Annotated[Initialisation, Among("kaiming", "xavier", "orthogonal")] = "kaiming"
    """What weights training starts from; `default` is torch's own."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """The stem, dense blocks with transitions between them, the average, a linear head."""
        blocks = self._blocks()
        self._require_side(inputs, len(blocks) - 1)
        channels = 2 * self.growth
        layers = self._stem(inputs[0], channels)
        for number, count in enumerate(blocks):
            if number:
                layers += self._transition(channels)
                channels //= 2
            layers += [self._layer(channels + place * self.growth) for place in range(count)]
            channels += count * self.growth
        head = [*self._before(channels), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs)]
        return initialise(nn.Sequential(*layers, *head), self.init)

    def _blocks(self) -> tuple[int, ...]:
        return FOUR_BLOCKS.get(self.depth, ((self.depth - 4) // 6,) * 3)

    def _require_side(self, inputs: Shape, transitions: int) -> None:
        # Each transition halves the sides and rounds down; each of the stem's two steps rounds up.
        least = 2**transitions if self.stem == "small" else 4 * 2**transitions - 3
        remedy = "set stem to small" if self.stem == "imagenet" else "enlarge the images, or take another architecture"
        require_side(inputs, least, f"densenet with depth={self.depth} and stem={self.stem}", remedy)

    def _stem(self, channels: int, width: int) -> list[nn.Module]:
        if self.stem == "small":
            return [_convolution(channels, width, 3)]
        convolution = nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        return [convolution, *self._before(width), nn.MaxPool2d(3, 2, padding=1)]

    def _layer(self, channels: int) -> nn.Module:
        narrow = [*self._before(channels), _convolution(channels, 4 * self.growth, 1)]
        new = [*self._before(4 * self.growth), _convolution(4 * self.growth, self.growth, 3)]
        return Dense(nn.Sequential(*narrow, *new, nn.Dropout(self.dropout)))

    def _transition(self, channels: int) -> list[nn.Module]:
        return [*self._before(channels), _convolution(channels, channels // 2, 1), nn.AvgPool2d(2)]

    def _before(self, channels: int) -> list[nn.Module]:
        return [nn.BatchNorm2d(channels), activation(self.activation)]


class Dense(nn.Module):
    """The input with a branch's channels behind its own."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, channels + growth, height, width]."""
        return torch.cat([x, self.branch(x)], 1)


def _convolution(before: int, after: int, kernel: int) -> nn.Module:
    return nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False)
