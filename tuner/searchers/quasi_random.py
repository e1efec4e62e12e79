"""Quasi-random search."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Space


class QuasiRandom(Searcher):
    """A scrambled Sobol or Halton sequence: random draws without their gaps and clusters (Sobol, 1967; Owen, 1997).

    With as many trials it sees more of each parameter and of each pair than random search (Bergstra and Bengio, JMLR
    13, 2012, section 5). A trial's point follows from the sweep's seed and the trial's number. Every parameter has a
    coordinate of its own; those of a choice that was not drawn are left unused.
    """

    several_objectives: ClassVar[bool] = True

    sequence: Literal["sobol", "halton"] = "sobol"
    """Which sequence: a Sobol one, or a Halton one."""

    def for_trial(self, space: Space, study: Study, seed: int, number: int, attempt: int = 0) -> BaseSampler:
        """The same sequence for every trial; a point that was tried gives way to one of another sequence."""
        return self.build(space, study, seed_of(seed, "sequence", attempt))

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """A sampler that gives each trial the sequence's point of its number.

        Args:
            space: What may vary.
            study: Not looked at.
            seed: Which sequence it is.
        """
        from tuner.searchers._by_rule import ByRule
        from tuner.searchers._share import value_at

        places = {name: place for place, name in enumerate(space.parameters())}
        point = cache(lambda number: self._point(len(places), number, seed))
        beyond = RandomSearch().build(space, study, seed)

        def draw(number: int, name: str, distribution: BaseDistribution) -> Any:
            if name not in places:
                return beyond.rule(number, name, distribution)
            return value_at(point(number)[places[name]], distribution)

        return ByRule(draw)

    def _point(self, dimensions: int, number: int, seed: int) -> list[float]:
        """The sequence's point of that number, every coordinate in [0, 1)."""
        import numpy as np
        from scipy.stats import qmc

        kind = qmc.Sobol if self.sequence == "sobol" else qmc.Halton
        made = kind(dimensions, scramble=True, rng=np.random.default_rng(seed))
        if number:
            made.fast_forward(number)
        return [float(share) for share in made.random(1)[0]]
