"""Shifted images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from search_spaces.augmentations import _images
from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Between


class Crop(Augmentation):
    """Images are padded and a window of the old size is cut out anywhere (He et al., CVPR 2016): small shifts."""

    padding: Annotated[int, Between(1, 4), Field(ge=0)] = 2
    """Pixels on each side, and the largest shift; the paper has 4 for images of 32 x 32."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """Pads with 0, the mean of standardised images."""
        return Steps(lambda x: _images.crop(x, self.padding))
