"""A constant learning rate."""

from __future__ import annotations

from search_spaces.choice import LrSchedule


class Constant(LrSchedule):
    """The optimizer's learning rate throughout."""

    def shape(self, progress: float) -> float:
        """Always 1."""
        return 1.0
