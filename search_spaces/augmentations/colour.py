"""Images in another light."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from search_spaces.augmentations import _images
from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Between


class Colour(Augmentation):
    """Images become brighter or darker, harder or softer, more or less colourful (Howard, 2013).

    Amounts are for standardised images: 1 is one deviation of the training part.
    """

    brightness: Annotated[float, Between(0.0, 0.5), Field(ge=0)] = 0.2
    """The most that is added to or taken from all pixels."""
    contrast: Annotated[float, Between(0.0, 0.5), Field(ge=0, le=1)] = 0.2
    """The largest share by which the distance from the image's mean grows or shrinks."""
    saturation: Annotated[float, Between(0.0, 0.5), Field(ge=0, le=1)] = 0.2
    """The largest share by which the distance from grey grows or shrinks; nothing happens to grey images."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """All three, each image by amounts of its own."""
        return Steps(lambda x: _images.colour(x, self.brightness, self.contrast, self.saturation))
