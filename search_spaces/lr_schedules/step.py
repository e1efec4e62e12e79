"""A learning rate that falls in steps."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from search_spaces.choice import LrSchedule
from search_spaces.dimensions import Among, Between


class Step(LrSchedule):
    """The learning rate is cut a few times, evenly spread over training (He et al., CVPR 2016)."""

    cuts: Annotated[int, Between(1, 4), Field(ge=1)] = 2
    """How many cuts: two come after the first and the second third."""
    gamma: Annotated[float, Among(0.1, 0.2, 0.5), Field(gt=0, le=1)] = 0.1
    """What a cut multiplies the learning rate by."""

    def shape(self, progress: float) -> float:
        """gamma to the power of the cuts so far."""
        # A product such as 3 * (2 / 3), one bit short of its whole number, still makes its cut on time.
        return self.gamma ** min(self.cuts, int(progress * (self.cuts + 1) + 1e-9))
