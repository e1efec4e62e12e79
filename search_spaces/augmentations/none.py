"""No augmentation."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.shape import Kind


class Unchanged(Augmentation):
    """The samples as they are."""

    fits: ClassVar[tuple[Kind, ...]] = ("image", "vector", "text", "series")

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """No step."""
        return Steps()
