"""The model that suits the space and the number of trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from search_spaces.dimensions import Between
from tuner.searchers import Searcher
from tuner.searchers.gp import Gp
from tuner.searchers.tpe import Tpe

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Space


class Bayesian(Searcher):
    """A Gaussian process where one fits and is affordable, else TPE (`gp` and `tpe` have the sources).

    The Gaussian process draws once enough trials were trained to the end, if every parameter is part of every point
    and most of them are numbers. TPE draws in all other cases.
    """

    several_objectives: ClassVar[bool] = True

    startup: int = Field(default=10, ge=1)
    """The trials that must have told their value before a model draws; until then draws are random."""
    gp_until: int = Field(default=200, ge=0)
    """The trials up to which the Gaussian process draws: the time it takes for each grows from about 1 s."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """The chosen model's sampler."""
        return self.model(space, study).build(space, study, seed)

    def model(self, space: Space, study: Study) -> Searcher:
        """Which model draws next."""
        return Gp(startup=self.startup) if self._fits(space) and self._pays(study) else Tpe(startup=self.startup)

    def _fits(self, space: Space) -> bool:
        numbers = [isinstance(dimension, Between) for dimension in space.parameters().values()]
        return 2 * sum(numbers) > len(numbers) and not space.conditional

    def _pays(self, study: Study) -> bool:
        states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
        return states.count("COMPLETE") >= self.startup and len(states) <= self.gp_until
