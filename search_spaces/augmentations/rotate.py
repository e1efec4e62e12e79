"""Turned images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from search_spaces.augmentations import _images
from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Between


class Rotate(Augmentation):
    """Images are turned a little, each by an angle of its own."""

    degrees: Annotated[float, Between(0.0, 30.0), Field(ge=0, le=180)] = 10.0
    """The largest angle, either way."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """Turns about the centre, between pixels by their neighbours' mean; what comes in from outside is 0."""
        return Steps(lambda x: _images.rotate(x, self.degrees))
