"""A learning rate that falls along half a cosine."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from search_spaces.choice import LrSchedule


class Cosine(LrSchedule):
    """The learning rate falls along half a cosine, once (Loshchilov and Hutter, ICLR 2017, without restarts)."""

    final: Annotated[float, Field(ge=0, le=1)] = 0.0
    """What is left of the learning rate at the end, as a share."""

    def shape(self, progress: float) -> float:
        """From 1 to `final`."""
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * progress)) / 2
