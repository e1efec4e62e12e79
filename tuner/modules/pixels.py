"""Between numbers as a data set normalises them and pixels in fixed bounds, as generative networks want them."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from search_spaces.data import Data


class Pixels(nn.Module):
    """A linear map of images, channel by channel: the training part's smallest number to `bottom`, its largest to 1.

    Args:
        data: Whose numbers; images.
        bottom: The smallest pixel.
    """

    low: Tensor
    span: Tensor

    def __init__(self, data: Data, bottom: float) -> None:
        super().__init__()
        low, high = (reduce(data.train.x, (0, 2, 3)).view(-1, 1, 1) for reduce in (torch.amin, torch.amax))
        self.bottom = bottom
        self.register_buffer("low", low)
        self.register_buffer("span", (high - low).clamp_min(1e-8))

    def forward(self, x: Tensor) -> Tensor:
        """The data's numbers as pixels; numbers beyond those of the training part are cut off."""
        return self.bottom + (1 - self.bottom) * ((x - self.low) / self.span).clamp(0, 1)

    def back(self, pixels: Tensor) -> Tensor:
        """Pixels as the data's numbers."""
        return self.low + self.span * (pixels - self.bottom) / (1 - self.bottom)


class InNumbers(nn.Module):
    """A network whose pixels come out as the data's numbers.

    Args:
        network: Gives pixels.
        pixels: Between both.
        images: Whether it takes images too, and not only gives them.
    """

    def __init__(self, network: nn.Module, pixels: Pixels, images: bool) -> None:
        super().__init__()
        self.network = network
        self.pixels = pixels
        self.images = images

    def forward(self, x: Tensor) -> Tensor:
        """[batch, ...] -> [batch, channels, height, width]."""
        return self.pixels.back(cast(Tensor, self.network(self.pixels(x) if self.images else x)))
