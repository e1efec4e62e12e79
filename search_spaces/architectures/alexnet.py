"""AlexNet."""

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

CHANNELS = (64, 192, 384, 256, 256)
HIDDEN = 4096


class Alexnet(Architecture):
    """AlexNet (Krizhevsky et al., NIPS 2012): five convolutions; the network that began deep learning for photographs.

    The channels are those of its one-tower form (Krizhevsky, "One weird trick", 2014). The network of the paper is
    `{stem: imagenet, width: 1}`, with 61 million weights on 224 x 224 pixels and 1,000 classes.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    stem: Literal["small", "imagenet"] = "small"
    """`small`: windows of 3 x 3, and a linear head over the average of what is left; `imagenet`: the paper's windows of
    11 x 11 and 5 x 5, and two hidden layers before the head."""
    width: Annotated[float, Among(0.25, 0.5, 1.0, shapes=True), Field(gt=0)] = 0.5
    """Channels and hidden units as a multiple of the paper's."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "leaky_relu", "swish")
    ] = "relu"
    """What follows every convolution and every hidden layer."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.5
    """Share of features that are silenced before each layer of the head in each training step."""
    init: Annotated[Initialisation, Among("kaiming", "xavier", "orthogonal")] = "kaiming"
    """What weights training starts from; `default` is torch's own."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Five convolutions, three of them with pooling, then the head; `inputs` is (channels, height, width)."""
        channels = [max(1, round(count * self.width)) for count in CHANNELS]
        if self.stem == "imagenet":
            require_side(inputs, 63, "alexnet with stem=imagenet", "set stem to small")
            network = [*self._imagenet(inputs[0], channels), *self._deep_head(channels[-1], outputs)]
        else:
            network = [*self._small(inputs, channels), *self._shallow_head(channels[-1], outputs)]
        return initialise(nn.Sequential(*network), self.init)

    def _imagenet(self, colours: int, channels: list[int]) -> list[nn.Module]:
        first, second, third, fourth, fifth = channels
        return [
            *self._convolution(colours, first, 11, stride=4, padding=2),
            nn.MaxPool2d(3, 2),
            *self._convolution(first, second, 5, padding=2),
            nn.MaxPool2d(3, 2),
            *self._convolution(second, third, 3, padding=1),
            *self._convolution(third, fourth, 3, padding=1),
            *self._convolution(fourth, fifth, 3, padding=1),
            nn.MaxPool2d(3, 2),
        ]

    def _small(self, inputs: Shape, channels: list[int]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        before, side = inputs[0], min(inputs[1:])
        for number, count in enumerate(channels):
            layers += self._convolution(before, count, 3, padding=1)
            if number in (0, 1, 4) and side > 1:
                layers.append(nn.MaxPool2d(2))
                side //= 2
            before = count
        return layers

    def _convolution(self, before: int, after: int, kernel: int, padding: int, stride: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(before, after, kernel, stride, padding), activation(self.activation)]

    def _deep_head(self, channels: int, outputs: int) -> list[nn.Module]:
        hidden = max(1, round(HIDDEN * self.width))
        first = [*self._dropped(channels * 6 * 6, hidden), activation(self.activation)]
        second = [*self._dropped(hidden, hidden), activation(self.activation)]
        return [nn.AdaptiveAvgPool2d(6), nn.Flatten(), *first, *second, nn.Linear(hidden, outputs)]

    def _shallow_head(self, channels: int, outputs: int) -> list[nn.Module]:
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), *self._dropped(channels, outputs)]

    def _dropped(self, features: int, width: int) -> list[nn.Module]:
        return [nn.Dropout(self.dropout), nn.Linear(features, width)]
