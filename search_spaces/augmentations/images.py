"""Several augmentations of images at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from torch import nn

from search_spaces.augmentations import _images
from search_spaces.augmentations._steps import Step, Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Among, Between


class Images(Augmentation):
    """Mirrored, turned, shifted and in another light, each as strong as its setting: 0 switches it off."""

    flip: Annotated[float, Among(0.0, 0.5), Field(ge=0, le=1)] = 0.5
    """Share of the images whose left and right are swapped; 0 for digits and letters."""
    rotate: Annotated[float, Between(0.0, 30.0), Field(ge=0, le=180)] = 0.0
    """The largest angle by which an image is turned either way, in degrees."""
    crop: Annotated[int, Between(0, 4), Field(ge=0)] = 2
    """The largest shift in each direction, in pixels."""
    colour: Annotated[float, Between(0.0, 0.5), Field(ge=0, le=1)] = 0.0
    """The largest change of brightness (in deviations), contrast and saturation (as shares)."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """Those that are on, one after the other."""
        return Steps(*self._steps())

    def _steps(self) -> Iterator[Step]:
        if self.flip:
            yield lambda x: _images.flip(x, self.flip, 3)
        if self.rotate:
            yield lambda x: _images.rotate(x, self.rotate)
        if self.crop:
            yield lambda x: _images.crop(x, self.crop)
        if self.colour:
            yield lambda x: _images.colour(x, self.colour, self.colour, self.colour)
