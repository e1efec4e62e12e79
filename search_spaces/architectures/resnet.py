"""Residual networks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.initialisation import Initialisation, initialise
from search_spaces.layers.residual import Residual
from search_spaces.shape import Kind, Shape

FOUR_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Blocks in each stage of the paper's networks for photographs, by depth."""


class Resnet(Architecture):
    """Residual network (He et al., CVPR 2016): blocks that learn what to add to their input; trains well at any depth.

    The depth says which of the paper's two kinds it is. 8, 14, 20, 32, 44, 56 and 110: three stages of 16, 32 and 64
    channels, for small images, shortcuts without weights. 18, 34, 50, 101 and 152: four stages of 64 to 512 channels
    (four times as many from 50 on), shortcuts through a 1 x 1 convolution; for photographs together with
    `stem: imagenet`.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    depth: Annotated[Literal[8, 14, 20, 32, 44, 56, 110, 18, 34, 50, 101, 152], Among(8, 14, 20, shapes=True)] = 20
    """Layers with weights, as the paper counts them."""
    width: Annotated[float, Among(0.5, 1.0, shapes=True), Field(gt=0)] = 1.0
    """Channels as a multiple of the paper's (above 1: Zagoruyko and Komodakis, BMVC 2016)."""
    stem: Literal["small", "imagenet"] = "small"
    """`small`: begins with one 3 x 3 convolution; `imagenet`: with a 7 x 7 convolution and pooling, which leave a
    quarter of each side."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "leaky_relu", "swish")
    ] = "relu"
    """What follows every convolution but a block's last, and every sum."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.0
    """Share of features that are silenced before the head in each training step; the paper has none."""
    init: Annotated[Initialisation, Among("kaiming", "xavier", "orthogonal")] = "kaiming"
    """What weights training starts from; `default` is torch's own."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """The stem, the stages (each but the first halves the sides), the average, a linear head."""
        widths = self._widths()
        layers, before = self._stem(inputs[0], widths[0]), widths[0]
        for stage, (blocks, width) in enumerate(zip(self._blocks(), widths, strict=True)):
            for block in range(blocks):
                layers += self._block(before, width, stride=2 if stage and not block else 1)
                before = width * self._expansion
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(self.dropout), nn.Linear(before, outputs)]
        return initialise(nn.Sequential(*layers, *head), self.init)

    def _blocks(self) -> tuple[int, ...]:
        return FOUR_STAGES.get(self.depth, ((self.depth - 2) // 6,) * 3)

    def _widths(self) -> list[int]:
        counts = (64, 128, 256, 512) if self.depth in FOUR_STAGES else (16, 32, 64)
        return [max(1, round(count * self.width)) for count in counts]

    @property
    def _expansion(self) -> int:
        return 4 if self.depth in FOUR_STAGES and self.depth >= 50 else 1

    def _stem(self, channels: int, width: int) -> list[nn.Module]:
        if self.stem == "small":
            return [*_normed(channels, width, 3), activation(self.activation)]
        return [*_normed(channels, width, 7, stride=2), activation(self.activation), nn.MaxPool2d(3, 2, padding=1)]

    def _block(self, before: int, width: int, stride: int) -> list[nn.Module]:
        branch = self._plain(before, width, stride) if self._expansion == 1 else self._bottleneck(before, width, stride)
        shortcut = self._shortcut(before, width * self._expansion, stride)
        return [Residual(nn.Sequential(*branch), shortcut), activation(self.activation)]

    def _plain(self, before: int, width: int, stride: int) -> list[nn.Module]:
        return [*_normed(before, width, 3, stride), activation(self.activation), *_normed(width, width, 3)]

    def _bottleneck(self, before: int, width: int, stride: int) -> list[nn.Module]:
        narrow = [*_normed(before, width, 1), activation(self.activation)]
        middle = [*_normed(width, width, 3, stride), activation(self.activation)]
        return [*narrow, *middle, *_normed(width, width * self._expansion, 1)]

    def _shortcut(self, before: int, after: int, stride: int) -> nn.Module | None:
        if stride == 1 and before == after:
            return None
        if self.depth in FOUR_STAGES:
            return nn.Sequential(*_normed(before, after, 1, stride))
        return Thinned(after - before, stride)


class Thinned(nn.Module):
    """Every `stride`-th pixel, with `extra` channels of zeros: the paper's shortcut A, without weights."""

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra = extra
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, channels + extra, height / stride, width / stride]."""
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))


def _normed(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after)]
