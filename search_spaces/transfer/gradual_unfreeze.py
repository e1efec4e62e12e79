"""Layer after layer, from the head downwards."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from search_spaces.dimensions import Between
from search_spaces.transfer._by_depth import ByDepth


class GradualUnfreeze(ByDepth):
    """The head is trained alone first, then one earlier layer after the other joins it, until all are trained.

    "Gradual unfreezing" (Howard and Ruder, ACL 2018, section 3.3), whose four groups of layers join one an epoch; here
    any number of layers join evenly over a share of the epochs.
    """

    until: Annotated[float, Between(0.2, 0.8), Field(gt=0, le=1)] = 0.5
    """Share of the epochs after which every layer is trained."""

    def opened(self, blocks: int, epoch: int, epochs: int) -> int:
        """The head alone in the first epoch, all from epoch `until` * epochs on."""
        last = max(1, math.ceil(self.until * epochs))
        return min(blocks, 1 + (blocks - 1) * epoch // last)
