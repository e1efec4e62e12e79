"""Mirrored images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from search_spaces.augmentations import _images
from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Among


class Flip(Augmentation):
    """Images are mirrored by lot: for things that look as likely from either side (no digits, no letters)."""

    horizontal: Annotated[float, Among(0.0, 0.5), Field(ge=0, le=1)] = 0.5
    """Share of the images whose left and right are swapped."""
    vertical: Annotated[float, Among(0.0, 0.5), Field(ge=0, le=1)] = 0.0
    """Share of the images whose top and bottom are swapped."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """Both, one after the other."""
        return Steps(lambda x: _images.flip(x, self.horizontal, 3), lambda x: _images.flip(x, self.vertical, 2))
