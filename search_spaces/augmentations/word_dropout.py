"""Texts with words missing."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field
from torch import nn

from search_spaces.augmentations import _texts
from search_spaces.augmentations._steps import Steps
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Between
from search_spaces.shape import Kind


class WordDropout(Augmentation):
    """Words are taken out of texts by lot (Iyyer et al., ACL 2015), so that no single one decides."""

    fits: ClassVar[tuple[Kind, ...]] = ("text",)

    share: Annotated[float, Between(0.0, 0.3), Field(ge=0, lt=1)] = 0.1
    """The chance of each word; a text never loses all of them."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """The words that stay move up; texts are filled up at the end with 0."""
        return Steps(lambda x: _texts.drop(x, self.share))
