"""A learning rate that rises and falls once."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from search_spaces.choice import LrSchedule
from search_spaces.dimensions import Between


class OneCycle(LrSchedule):
    """The learning rate rises to the optimizer's, and falls to almost nothing (Smith and Topin, 2018)."""

    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the steps before the cycle, over which its first learning rate is reached; the cycle rises by itself."""
    rise: Annotated[float, Between(0.1, 0.5), Field(gt=0, lt=1)] = 0.3
    """Share of the cycle that goes up."""
    start: Annotated[float, Field(gt=0, le=1)] = 0.04
    """The first learning rate, as a share of the highest."""
    final: Annotated[float, Field(ge=0, le=1)] = 4e-6
    """The last learning rate, as a share of the highest."""

    def shape(self, progress: float) -> float:
        """Half a cosine up from `start` to 1, half a cosine down to `final`; momentum stays as it is."""
        if progress < self.rise:
            return _between(self.start, 1.0, progress / self.rise)
        return _between(1.0, self.final, (progress - self.rise) / (1 - self.rise))


def _between(first: float, last: float, progress: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2
