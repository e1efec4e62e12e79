"""Covariance matrix adaptation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from search_spaces.dimensions import Between
from search_spaces.problems import Problem, Problems
from tuner.searchers import Searcher
from tuner.searchers.tpe import Tpe
from tuner.seeds import seed_of

if TYPE_CHECKING:
    import numpy as np
    from cmaes import CMA
    from numpy.typing import NDArray
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space
    from tuner.searchers._by_rule import ByRule

SPREAD = 1 / 6
"""The standard deviation at first, as a share of a range: from its middle, both ends are three of them away."""


class CmaEs(Searcher):
    """CMA-ES for numbers (Hansen, arXiv:1604.00772, 2016; the cmaes package), and TPE for lists of options.

    Points are drawn from a normal distribution that moves and stretches, a generation at a time, to where the better
    half of the last generation lay. Only ranks count: trials trained to the end, then those that a scheduler cut
    short, the longer before the shorter, then the failed ones. The parameters of each choice have a distribution of
    their own, led by the trials that have them. It needs some ten generations, and few parameters that are not numbers.
    """

    population: int | None = Field(default=None, ge=3)
    """Trials a generation; 4 + 3 ln(parameters) by default."""

    def check(self, space: Space) -> None:
        """Refuse a space without numbers."""
        if space.parameters() and not _numbers(space):
            raise Problems([Problem("searcher", "cmaes needs a range to search, and all here are lists: use tpe")])

    def build(self, space: Space, study: Study, seed: int) -> ByRule:
        """A sampler of one point: its numbers from the distributions that the study's trials lead to."""
        from tuner.searchers._by_rule import ByRule
        from tuner.searchers._model import settled
        from tuner.searchers._share import value_at

        trials, shares = settled(study), dict[str, float]()
        for names in _groups(space, trials):
            optimizer = self._led(names, trials, study)
            optimizer.reseed_rng(seed_of(seed, *names))
            shares |= zip(names, optimizer.ask().tolist(), strict=True)
        options = Tpe().build(space, study, seed)

        def draw(number: int, name: str, distribution: BaseDistribution) -> Any:
            return value_at(shares[name], distribution) if name in shares else options.rule(number, name, distribution)

        return ByRule(draw)

    def _led(self, names: list[str], trials: list[FrozenTrial], study: Study) -> CMA:
        """The distribution after all generations that are whole; it is made from the first trial on for every draw."""
        optimizer = _at_first(len(names), self.population)
        size = optimizer.population_size
        having = [trial for trial in trials if trial.params.keys() >= set(names)]
        for first in range(0, len(having) - size + 1, size):
            generation = having[first : first + size]
            points = [_shares(trial, names) for trial in generation]
            optimizer.tell(list(zip(points, _ranks(generation, study), strict=True)))
        return optimizer


def _numbers(space: Space) -> list[str]:
    return [name for name, dimension in space.parameters().items() if isinstance(dimension, Between)]


def _groups(space: Space, trials: list[FrozenTrial]) -> list[list[str]]:
    """The numbers that come and go together: as the space says, and, where it says nothing, as the trials show."""
    conditions = space.conditions()
    found: dict[Any, list[str]] = {}
    for name in _numbers(space):
        seen = tuple(trial.number for trial in trials if name in trial.params)
        found.setdefault((tuple(conditions.get(name, ())), seen), []).append(name)
    return list(found.values())


def _at_first(dimensions: int, population: int | None) -> CMA:
    import numpy as np
    from cmaes import CMA

    ends = np.array([[0.0, 1.0]] * dimensions)
    return CMA(np.full(dimensions, 0.5), SPREAD, bounds=ends, population_size=population, seed=0)


def _shares(trial: FrozenTrial, names: list[str]) -> NDArray[np.float64]:
    """Where a trial lies in the unit cube."""
    import numpy as np

    from tuner.searchers._share import share_of

    return np.array([share_of(trial.params[name], trial.distributions[name]) for name in names])


def _ranks(generation: list[FrozenTrial], study: Study) -> list[float]:
    """The place of each trial in its generation, the best at 0; equal ones share theirs."""
    from tuner.searchers._model import merit

    merits = [merit(trial, study) for trial in generation]
    return [float(sum(other > own for other in merits)) for own in merits]
