"""Grid search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from tuner.searchers import Searcher

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Point, Space


class GridSearch(Searcher):
    """Every point of a grid, once: for small spaces, and for tables in which every combination is wanted.

    A trial's point follows from its number. The trials stride through the grid, so that a sweep which ends early has
    seen all of it thinly, not one corner of it.
    """

    several_objectives: ClassVar[bool] = True
    needs_space: ClassVar[bool] = True

    points: int = Field(default=5, ge=2)
    """Into how many values a range is cut; one with fewer values is taken whole."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """A sampler that gives each trial the point of its number."""
        from tuner.searchers._by_rule import ByRule

        return ByRule(lambda number, name, distribution: self.point(space, number)[name])

    def trials(self, space: Space) -> int:
        """How many points the grid has."""
        return space.combinations(self.points).size

    def point(self, space: Space, number: int) -> Point:
        """The parameters of the trial of that number; after the last point the grid begins again."""
        grid = space.combinations(self.points)
        return grid.at(number * _stride(grid.size) % grid.size)


def _stride(size: int) -> int:
    """A step near the golden section of `size` without a common divisor: going round by it visits every place once."""
    step = max(1, round(size * (math.sqrt(5) - 1) / 2))
    while math.gcd(step, size) > 1:
        step += 1
    return step
