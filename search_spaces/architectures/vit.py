"""Vision transformer."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.layers.attention import SelfAttention
from search_spaces.layers.residual import Residual
from search_spaces.shape import Kind, Shape


class Size(NamedTuple):
    """How large an encoder is."""

    width: int
    depth: int
    heads: int


SIZES = {
    "tiny": Size(192, 12, 3),
    "small": Size(384, 12, 6),
    "base": Size(768, 12, 12),
    "large": Size(1024, 24, 16),
    "huge": Size(1280, 32, 16),
}


class Vit(Architecture):
    """Vision transformer (Dosovitskiy et al., ICLR 2021): an image as a sequence of patches; strong with much data.

    ViT-B/16 is `{size: base, patch: 16}`; tiny and small are those of DeiT (Touvron et al., ICML 2021).
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    patch: Annotated[int, Among(2, 4, shapes=True), Field(ge=1)] = 4
    """Side of a patch, in pixels; it must divide both sides of the image."""
    width: Annotated[int, Among(32, 64, 128, shapes=True), Field(ge=1)] = 64
    """Numbers that describe a patch; a multiple of heads."""
    depth: Annotated[int, Between(2, 4, shapes=True), Field(ge=1)] = 4
    """Number of encoder blocks."""
    heads: Annotated[int, Among(2, 4, 8, shapes=True), Field(ge=1)] = 4
    """How many places each patch looks at, in each block."""
    expansion: Annotated[int, Among(2, 4, shapes=True), Field(ge=1)] = 4
    """Units of a block's hidden layer as a multiple of the width."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "swish", "gelu")
    ] = "gelu"
    """What follows a block's hidden layer."""
    dropout: Annotated[float, Between(0.0, 0.3), Field(ge=0, lt=1)] = 0.1
    """Share of features that are silenced after every layer but the first of an attention, in each training step."""
    init: Annotated[Initialisation, Among("default", "xavier", "orthogonal")] = "xavier"
    """What weights training starts from; the paper's is `xavier`, `default` is torch's own."""
    size: Literal["custom", "tiny", "small", "base", "large", "huge"] = "custom"
    """A size of the papers, instead of width, depth, heads and expansion."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Patches with their positions, the blocks, a linear head over the class token."""
        self._require_patches(inputs)
        width, depth, heads = self._size()
        blocks = [layer for _ in range(depth) for layer in self._block(width, heads)]
        layers = [Patches(inputs, self.patch, width), nn.Dropout(self.dropout), *blocks, nn.LayerNorm(width)]
        return initialise(nn.Sequential(*layers, ClassToken(), nn.Linear(width, outputs)), self.init)

    def _require_patches(self, inputs: Shape) -> None:
        _, height, width = inputs
        if height % self.patch or width % self.patch:
            common = math.gcd(height, width)
            known = ", ".join(str(side) for side in range(1, common + 1) if common % side == 0)
            raise ValueError(
                f"patch must divide both sides of the image, got patch={self.patch} for {height} x {width} pixels; "
                f"set patch to one of {known}"
            )

    def _size(self) -> Size:
        size = SIZES.get(self.size, Size(self.width, self.depth, self.heads))
        if size.width % size.heads:
            raise ValueError(
                f"width must be a multiple of heads, got width={size.width} and heads={size.heads}; "
                f"set width to {math.ceil(size.width / size.heads) * size.heads}"
            )
        return size

    def _block(self, width: int, heads: int) -> list[nn.Module]:
        attention = [nn.LayerNorm(width), SelfAttention(width, heads), nn.Dropout(self.dropout)]
        return [Residual(nn.Sequential(*attention)), Residual(nn.Sequential(*self._perceptron(width)))]

    def _perceptron(self, width: int) -> list[nn.Module]:
        hidden = width * (self.expansion if self.size == "custom" else 4)
        first = [nn.LayerNorm(width), nn.Linear(width, hidden), activation(self.activation), nn.Dropout(self.dropout)]
        return [*first, nn.Linear(hidden, width), nn.Dropout(self.dropout)]


class Patches(nn.Module):
    """An image as a sequence of patches, a class token before them, with learned positions.

    Args:
        inputs: (channels, height, width) of an image.
        patch: Side of a patch, in pixels.
        width: Numbers that describe a patch.
    """

    def __init__(self, inputs: Shape, patch: int, width: int) -> None:
        super().__init__()
        channels, height, across = inputs
        self.embed = nn.Conv2d(channels, width, patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, 1 + (height // patch) * (across // patch), width))
        nn.init.normal_(self.positions, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, 1 + patches, width]."""
        patches = self.embed(x).flatten(2).transpose(1, 2)
        tokens = self.token.expand(x.shape[0], -1, -1)
        return torch.cat([tokens, patches], 1) + self.positions


class ClassToken(nn.Module):
    """The first place of a sequence."""

    def forward(self, x: Tensor) -> Tensor:
        """[batch, places, width] -> [batch, width]."""
        return x[:, 0]
