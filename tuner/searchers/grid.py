"""Grid search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from tuner.searchers import Searcher

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Branch, Point, Space


class GridSearch(Searcher):
    """Every point of a grid, once: for small spaces, and for tables in which every combination is wanted.

    A trial's point follows from its number. The trials stride through the grid, so that a sweep which ends early has
    seen all of it thinly, not one corner of it.
    """

    points: int = Field(default=5, ge=2)
    """Into how many values a range is cut; one with fewer values is taken whole."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """A sampler that gives each trial the point of its number."""
        from tuner.searchers._by_rule import ByRule

        return ByRule(lambda number, name, distribution: self.point(space, number)[name])

    def trials(self, space: Space) -> int:
        """How many points the grid has."""
        return math.prod(self._size(branches) for branches in space.slots.values())

    def point(self, space: Space, number: int) -> Point:
        """The parameters of the trial of that number; after the last point the grid begins again."""
        size = self.trials(space)
        return self._at(space, number * _stride(size) % size)

    def _at(self, space: Space, index: int) -> Point:
        """The grid's point of that index, in the order of `space.grid`."""
        found: Point = {}
        places = _digits(index, [self._size(branches) for branches in space.slots.values()])
        for (slot, branches), place in zip(space.slots.items(), places, strict=True):
            branch, inside = self._find(branches, place)
            found |= ({slot: branch.name} if len(branches) > 1 else {}) | self._inside(branch, inside)
        return found

    def _find(self, branches: tuple[Branch, ...], place: int) -> tuple[Branch, int]:
        for branch in branches:
            if place < (size := self._size((branch,))):
                return branch, place
            place -= size
        raise IndexError(place)

    def _inside(self, branch: Branch, index: int) -> Point:
        cuts = {name: dimension.grid(self.points) for name, dimension in branch.searched.items()}
        places = _digits(index, [len(values) for values in cuts.values()])
        return {name: values[place] for (name, values), place in zip(cuts.items(), places, strict=True)}

    def _size(self, branches: tuple[Branch, ...]) -> int:
        return sum(math.prod(len(it.grid(self.points)) for it in branch.searched.values()) for branch in branches)


def _stride(size: int) -> int:
    """A step near the golden section of `size` without a common divisor: going round by it visits every place once."""
    step = max(1, round(size * (math.sqrt(5) - 1) / 2))
    while math.gcd(step, size) > 1:
        step += 1
    return step


def _digits(index: int, sizes: list[int]) -> list[int]:
    """An index as digits, the first the most significant, the i-th below `sizes[i]`."""
    found = []
    for size in reversed(sizes):
        index, digit = divmod(index, size)
        found.append(digit)
    return found[::-1]
