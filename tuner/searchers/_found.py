"""A point that was found already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Space


class Found(Searcher):
    """Gives a point that was found already."""

    point: Mapping[str, Any]
    """The point."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """A sampler that gives the point."""
        return exactly(self.point, RandomSearch().build(space, study, seed))


def exactly(point: Mapping[str, Any], unknown: Any) -> BaseSampler:
    """A sampler that gives a point; what is not in it, or not allowed, another one draws."""
    from tuner.searchers._by_rule import ByRule

    def draw(number: int, name: str, distribution: BaseDistribution) -> Any:
        known = name in point and distribution._contains(distribution.to_internal_repr(point[name]))
        return point[name] if known else unknown.rule(number, name, distribution)

    return ByRule(draw)
