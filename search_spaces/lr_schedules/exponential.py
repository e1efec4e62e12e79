"""A learning rate that falls by the same share in each step."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from search_spaces.choice import LrSchedule
from search_spaces.dimensions import Between


class Exponential(LrSchedule):
    """The learning rate falls by the same share in each step, whatever the length of training."""

    final: Annotated[float, Between(1e-4, 0.5, log=True), Field(gt=0, le=1)] = 0.01
    """What is left of the learning rate at the end, as a share."""

    def shape(self, progress: float) -> float:
        """`final` to the power of the progress."""
        return float(self.final**progress)
