"""The first layers frozen, the last ones trained."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from search_spaces.choice import Transfer
from search_spaces.dimensions import Between


class FreezeEarly(Transfer):
    """Only the last layers are trained: the first ones find what any task needs (Yosinski et al., NIPS 2014, figure 2).

    Layers in the middle can be hard to part, since they have learned to work together (section 4.1 there): how many are
    trained is for the search to find.
    """

    share: Annotated[float, Between(0.2, 0.9), Field(gt=0, le=1)] = 0.5
    """Share of the layers that is trained, counted from the head, rounded up: of 5 layers 0.5 trains the last 3."""

    def opened(self, blocks: int, epoch: int, epochs: int) -> int:
        """So many, throughout."""
        return math.ceil(self.share * blocks)
