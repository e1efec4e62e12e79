"""A genetic algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space


class Nsga2(Searcher):
    """NSGA-II, a genetic algorithm for one objective or several (Deb et al., IEEE TEC 6(2), 2002; Optuna's sampler).

    The best of each generation and of its parents are crossed and mutated to give the next. Of several objectives,
    what no other trial beats in all comes first, and of such those that lie apart. Trials that a scheduler cut short
    and failed ones are of their generation, but behind all that were trained to the end. Parameters of a choice that a
    point does not have are filled in at random when it becomes a parent of one that has them.
    """

    several_objectives: ClassVar[bool] = True

    population: int = Field(default=10, ge=2)
    """Trials a generation; the first one's are drawn at random."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """Optuna's sampler before the study's trials, or random draws for the first generation."""
        from tuner.searchers import _model
        from tuner.searchers._generations import Generations

        trials = _model.settled(study)
        if len(trials) < self.population or not space.parameters():
            return RandomSearch().build(space, study, seed)
        ranked = _ranked(trials, study)
        shown = [_whole(trial, values, space, study) for trial, values in zip(trials, ranked, strict=True)]
        return _model.sampler_of(Generations(population_size=self.population, seed=seed), study, shown)


def _ranked(trials: list[FrozenTrial], study: Study) -> list[list[float]]:
    """The values by which the trials are selected: with one objective, how many others each is better than."""
    from tuner.searchers._model import merit

    if len(study.directions) > 1:
        behind = _behind(trials, study)
        return [list(trial.values) if trial.state.name == "COMPLETE" else behind for trial in trials]
    sign = 1.0 if study.direction.name == "MAXIMIZE" else -1.0
    merits = [merit(trial, study) for trial in trials]
    return [[sign * sum(other < own for other in merits)] for own in merits]


def _behind(trials: list[FrozenTrial], study: Study) -> list[float]:
    """Values that every trial which was trained to the end beats in each objective."""
    found = []
    whole = [trial.values for trial in trials if trial.state.name == "COMPLETE"]
    for place, direction in enumerate(study.directions):
        values = [each[place] for each in whole] or [0.0]
        beyond = max(values) - min(values) + 1.0
        found.append(min(values) - beyond if direction.name == "MAXIMIZE" else max(values) + beyond)
    return found


def _whole(trial: FrozenTrial, values: list[float], space: Space, study: Study) -> FrozenTrial:
    """The trial with a value for every parameter of the space, as one that was trained to the end."""
    from optuna.trial import TrialState

    from tuner.searchers import _model

    at_random = RandomSearch().build(space, study, seed_of("absent", trial.number))
    told = (TrialState.COMPLETE, TrialState.PRUNED)
    limits = _model.beyond_all(_model.trials_of(study, *told)) if trial.state is TrialState.FAIL else None
    filled = _model.filled(trial, at_random, space, study)
    return _model.retold(filled, TrialState.COMPLETE, values=values, limits=limits)
