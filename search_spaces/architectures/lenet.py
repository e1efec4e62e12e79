"""LeNet-5."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from torch import nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.shape import Kind, Shape

SIDE = 32
"""What the network is cut for, in pixels."""
PADDED = 28
"""From this side on an image gets a margin; a smaller one would drown in it and is enlarged."""


class Lenet(Architecture):
    """LeNet-5 (LeCun et al., Proceedings of the IEEE 1998): small and quick, made for handwritten digits.

    Every map of the second convolution sees every map of the first, as is usual today. An image of 28 to 32 pixels gets
    a margin of zeros, any other size is enlarged or averaged to 32 x 32.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "tanh", "sigmoid")
    ] = "tanh"
    """What follows every layer but the last; the paper's is tanh."""
    pool: Annotated[Literal["average", "max"], Among("average", "max")] = "average"
    """How four pixels become one; the paper's is the average."""
    init: Annotated[Initialisation, Among("default", "kaiming", "xavier", "orthogonal")] = "default"
    """What weights training starts from; `default` is torch's own."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Two convolutions with pooling, two hidden layers, a linear head; `inputs` is (channels, height, width)."""
        channels, height, width = inputs
        features = [*self._convolution(channels, 6), *self._convolution(6, 16), nn.Flatten()]
        hidden = [*self._hidden(16 * 5 * 5, 120), *self._hidden(120, 84)]
        network = nn.Sequential(_to_side(height, width), *features, *hidden, nn.Linear(84, outputs))
        return initialise(network, self.init)

    def _convolution(self, channels: int, wider: int) -> list[nn.Module]:
        pool = nn.AvgPool2d(2) if self.pool == "average" else nn.MaxPool2d(2)
        return [nn.Conv2d(channels, wider, 5), activation(self.activation), pool]

    def _hidden(self, features: int, width: int) -> list[nn.Module]:
        return [nn.Linear(features, width), activation(self.activation)]


def _to_side(height: int, width: int) -> nn.Module:
    """What brings an image to 32 x 32."""
    if max(height, width) > SIDE:
        return nn.AdaptiveAvgPool2d(SIDE)
    if min(height, width) < PADDED:
        return nn.Upsample(size=(SIDE, SIDE), mode="bilinear")
    left, top = (SIDE - width) // 2, (SIDE - height) // 2
    return nn.ZeroPad2d((left, SIDE - width - left, top, SIDE - height - top))
