"""How long the ways between rungs take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

CHEAP = 0.5
"""The rest of a training that takes less than this share of the time spent so far is not worth waiting before it."""
TIMED = 3
"""So many trials must have gone the way to the second rung before anything is said of it: the first to come may have
been slowed, or hurried, by chance, and all that come later would wait, or not, because of it."""


class Pace:
    """What trials told of their time at each rung, in seconds since their beginning.

    Waiting at a rung pays where the way to it was short beside the way ahead, as it is when epochs take equally long.
    Where most of the time passes before the first rung, on preparing data, say, or because all is learned from little
    data as slowly as from much, whoever waits has nearly paid for a whole training, and learns little by it.

    Args:
        levels: The rungs, lowest first, and the epochs of a whole training.
    """

    def __init__(self, levels: Sequence[int]) -> None:
        self._levels = list(levels)
        self._seconds: list[dict[int, float]] = [{} for _ in self._levels]

    def note(self, number: int, epoch: int, seconds: float) -> None:
        """A trial has trained so many epochs in so many seconds."""
        if epoch in self._levels and math.isfinite(seconds):
            self._seconds[self._levels.index(epoch)].setdefault(number, seconds)

    def is_cheap(self, level: int) -> bool:
        """Whether the way from a rung to the end costs little beside the way to it.

        A way between rungs that nobody has gone is taken to be like the one before it.
        """
        here, growth, share = self._levels.index(level), 1.0, math.inf
        for rung in range(max(0, here - 1), len(self._levels) - 1):
            share = median(self._shares(rung) or [share])
            growth *= 1 + share if rung >= here else 1
        return growth - 1 < CHEAP

    def is_unknown(self, level: int) -> bool:
        """Whether too few have gone on from the first rung: until then all go on there, to find out."""
        return level == self._levels[0] and bool(self._seconds[0]) and len(self._seconds[1]) < TIMED

    def whole(self) -> dict[int, float]:
        """The seconds of a whole training of each trial that was timed, by number; so far as it has not been seen,
        by what such a way took others, and where nobody went it, by its epochs."""
        found: dict[int, float] = {}
        ahead = 1.0
        for rung in reversed(range(len(self._levels))):
            if rung + 1 < len(self._levels):
                ahead *= 1 + median(self._shares(rung) or [self._levels[rung + 1] / self._levels[rung] - 1])
            for number, seconds in self._seconds[rung].items():
                if seconds > 0:
                    found.setdefault(number, seconds * ahead)
        return found

    def _shares(self, here: int) -> list[float]:
        """Of each trial that went from a rung to the next: the seconds of that way over those before it."""
        came, went = self._seconds[here], self._seconds[here + 1]
        return [(went[it] - came[it]) / came[it] for it in went if came.get(it)]
