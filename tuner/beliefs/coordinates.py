"""Points of a space as rows of numbers, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from search_spaces.dimensions import Among, Between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from search_spaces.dimensions import Dimension, Value
    from search_spaces.space import Point, Space

    Rows = NDArray[np.float64]

ABSENT = 0.5
"""The coordinate of a number that is not part of a point: the middle, so that it is far from nothing."""
NOWHERE = -1.0
"""The coordinate of a category that is not part of a point."""
SCALES = (0.3, 0.1, 0.03)
"""How far neighbours lie, as shares of a range: one standard deviation."""


@dataclass(frozen=True)
class Axis:
    """One parameter as a coordinate: a number in [0, 1], or the place of a category.

    A list of numbers counts as ordered, by its sorted values at equal distances: batch sizes 32, 64, 128 are three
    places on a scale, not three strangers.
    """

    name: str
    dimension: Dimension

    @cached_property
    def categorical(self) -> bool:
        """Whether two different values are just different, no two nearer than others."""
        return isinstance(self.dimension, Among) and not self._ordered

    @cached_property
    def places(self) -> int:
        """How many values a list has; 0 for a range."""
        return len(self.dimension.options) if isinstance(self.dimension, Among) else 0

    @cached_property
    def _ordered(self) -> bool:
        options = self.dimension.grid()
        return len(options) > 2 and all(isinstance(it, int | float) and not isinstance(it, bool) for it in options)

    @cached_property
    def _options(self) -> list[Value]:
        options = self.dimension.grid()
        return sorted(options) if self._ordered else options

    def of(self, value: Value) -> float:
        """The coordinate of a value; a category that is unknown lies nowhere."""
        if isinstance(self.dimension, Between):
            low, high, log = self.dimension.low, self.dimension.high, self.dimension.log
            share = _log_share(value, low, high) if log else (float(value) - low) / (high - low)  # type: ignore[arg-type]
            return min(max(share, 0.0), 1.0)
        if value not in self._options:
            return ABSENT if self._ordered else NOWHERE
        place = self._options.index(value)
        return float(place) if self.categorical else place / (self.places - 1)

    def at(self, coordinate: float) -> Value:
        """The value at a coordinate, the nearest there is."""
        if isinstance(self.dimension, Between):
            return _at_share(self.dimension, coordinate)
        return self._options[round(coordinate if self.categorical else coordinate * (self.places - 1))]


class Coordinates:
    """All parameters of a space as coordinates: a row a point.

    Args:
        space: What varies. A parameter that is not part of a point has a neutral coordinate there.
    """

    def __init__(self, space: Space) -> None:
        self.axes = [Axis(name, dimension) for name, dimension in space.parameters().items()]
        self.categorical = np.array([axis.categorical for axis in self.axes], dtype=bool)
        self.places = np.array([axis.places for axis in self.axes], dtype=int)
        self._index = {axis.name: i for i, axis in enumerate(self.axes)}
        self._conditions = [
            (self._index[name], [(self._index[parent], self._allowed(parent, values)) for parent, values in all_of])
            for name, all_of in space.conditions().items()
        ]
        self._neutral = np.where(self.categorical, NOWHERE, ABSENT)

    def __len__(self) -> int:
        return len(self.axes)

    def row(self, point: Mapping[str, Any]) -> Rows:
        """The coordinates of a point; what it does not have is neutral."""
        found = self._neutral.copy()
        for name, value in point.items():
            if name in self._index:
                found[self._index[name]] = self.axes[self._index[name]].of(value)
        return found

    def point(self, row: Rows) -> Point:
        """The point at these coordinates, without the parameters that are not part of it."""
        there = self._present(row[None])[0]
        return {axis.name: axis.at(float(row[i])) for i, axis in enumerate(self.axes) if there[i]}

    def draw(self, rng: Generator, count: int) -> Rows:
        """Random rows, [count, parameters]."""
        return self.settle(self._spread(rng.random((count, len(self.axes)))))

    def near(self, rng: Generator, rows: Rows, count: int) -> Rows:
        """`count` neighbours of each row, at each of three distances: [3 x count x rows, parameters].

        Each differs in one parameter or a few. Numbers move a little, places by one or two, and categories anywhere.
        """
        found = [self._moved(rng, np.repeat(rows, count, axis=0), scale) for scale in SCALES]
        return self.settle(np.vstack(found))

    def settle(self, rows: Rows) -> Rows:
        """The rows at the nearest values that exist, and neutral where a parameter is not part of the point."""
        found = rows.copy()
        for i, axis in enumerate(self.axes):
            found[:, i] = _snapped(axis, rows[:, i])
        return np.where(self._present(found), found, self._neutral)

    def keys(self, rows: Rows) -> list[bytes]:
        """A key a row: equal points have equal ones."""
        return [row.tobytes() for row in np.round(rows, 9) + 0.0]

    def _allowed(self, parent: str, values: tuple[Any, ...]) -> Rows:
        return np.array([self.axes[self._index[parent]].of(value) for value in values])

    def _present(self, rows: Rows) -> NDArray[np.bool_]:
        there = np.ones(rows.shape, dtype=bool)
        for child, all_of in self._conditions:  # parents come before what hangs on them
            for parent, allowed in all_of:
                matches = np.isclose(rows[:, [parent]], allowed[None, :], atol=1e-9).any(axis=1)
                there[:, child] &= matches & there[:, parent]
        return there

    def _spread(self, shares: Rows) -> Rows:
        """Shares in [0, 1) as coordinates: places for lists."""
        counts = np.maximum(self.places, 1)
        place = np.floor(shares * counts)
        ordered = place / np.maximum(counts - 1, 1)
        return np.where(self.places == 0, shares, np.where(self.categorical, place, ordered))

    def _moved(self, rng: Generator, rows: Rows, scale: float) -> Rows:
        count, width = rows.shape
        chosen = rng.random((count, width)) < max(1.5 / width, 0.25)
        chosen[np.arange(count), rng.integers(width, size=count)] = True
        absent = ~self._present(rows)  # if its parent changes, it comes to be anywhere
        fresh = self._spread(rng.random((count, width)))
        stepped = self._stepped(rng, rows)
        moved = _reflected(rows + rng.normal(0.0, scale, (count, width)))
        moved = np.where(self.categorical, fresh, np.where(self.places > 0, stepped, moved))
        return np.where(absent, fresh, np.where(chosen, moved, rows))

    def _stepped(self, rng: Generator, rows: Rows) -> Rows:
        most = np.maximum(self.places - 1, 1)
        steps = rng.choice([-2, -1, 1, 2], size=rows.shape, p=[0.15, 0.35, 0.35, 0.15])
        return np.clip(np.round(rows * most) + steps, 0, most) / most


def _log_share(value: Any, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low) if value > 0 else 0.0


def _at_share(dimension: Between, share: float) -> Value:
    low, high, log, step = dimension.low, dimension.high, dimension.log, dimension.step
    value = low * (high / low) ** share if log else low + share * (high - low)
    if step:
        value = low + round((value - low) / step) * step
    value = min(max(value, low), high)
    return round(value) if dimension.integer else float(value)


def _snapped(axis: Axis, column: Rows) -> Rows:
    """The coordinates of the nearest values, in one go where they are numbers."""
    dimension = axis.dimension
    if not isinstance(dimension, Between):
        return column
    low, high, step = float(dimension.low), float(dimension.high), dimension.step or (1 if dimension.integer else 0)
    if not step:
        return column
    if dimension.log:
        value = np.clip(np.round(low * (high / low) ** column), low, high)
        return np.asarray(np.log(value / low) / math.log(high / low))
    value = np.clip(low + np.round(column * (high - low) / step) * step, low, high)
    return np.asarray((value - low) / (high - low))


def _reflected(rows: Rows) -> Rows:
    """Coordinates back in [0, 1], mirrored at the ends."""
    rows = np.abs(rows)
    return np.clip(np.where(rows > 1.0, 2.0 - rows, rows), 0.0, 1.0)
