"""A searcher as a sampler for any Optuna study, without a sweep and without a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

    from search_spaces.combinations import Condition
    from tuner.searchers import Searcher


class Open(BaseSampler):
    """Draws each trial's point by a searcher that is shown the trials before it.

    The space is what the study's trials have asked for so far. A parameter that is new is drawn as the searcher draws
    what it does not know: at random.

    Args:
        searcher: The searcher with its options.
        seed: The same seed draws the same trials.
    """

    def __init__(self, searcher: Searcher, seed: int = 0) -> None:
        self._searcher, self._seed = searcher, seed
        self._at_work: dict[tuple[str, int], BaseSampler] = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """None: each parameter is drawn when it is asked for."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The trial's point in these parameters."""
        drawn = self._drawn_by(study, trial)
        return {name: drawn.sample_independent(study, trial, name, it) for name, it in search_space.items()}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The trial's point in this parameter."""
        return self._drawn_by(study, trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Forget what the trial was drawn by."""
        self._at_work.pop((study.study_name, trial.number), None)

    def _drawn_by(self, study: Study, trial: FrozenTrial) -> BaseSampler:
        if len(study.directions) > 1 and not self._searcher.several_objectives:
            raise ValueError(f"{self._searcher.key()} draws for one objective, and this study has several: use nsga2")
        key = (study.study_name, trial.number)
        if key not in self._at_work:
            before = _Before(study, trial.number)
            space = space_of(before.get_trials(deepcopy=False))
            self._at_work[key] = self._searcher.for_trial(space, before, self._seed, trial.number)
        return self._at_work[key]


class _Before(Study):
    """A study without one of its trials: the one that is being drawn."""

    def __init__(self, study: Study, number: int) -> None:
        self.__dict__.update(study.__dict__)
        self._number = number

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:
        """The other trials."""
        return [trial for trial in super().get_trials(deepcopy, states) if trial.number != self._number]


def space_of(trials: Iterable[FrozenTrial]) -> FlatSpace:
    """What trials have asked for, each parameter as it was asked for last."""
    shown = [trial for trial in trials if trial.params]
    asked = {name: it for trial in shown for name, it in trial.distributions.items() if not it.single()}
    dimensions = {name: _dimension(it) for name, it in asked.items()}
    return FlatSpace(dimensions, {name: found for name in dimensions if (found := _condition(name, dimensions, shown))})


def _condition(name: str, dimensions: Mapping[str, Between | Among], trials: Sequence[FrozenTrial]) -> list[Condition]:
    """Beside which options of a list a parameter was asked for, if a list tells; those not seen yet may have it."""
    if all(name in trial.params for trial in trials):
        return []
    for parent, dimension in dimensions.items():
        if parent == name or not isinstance(dimension, Among) or any(parent not in trial.params for trial in trials):
            continue
        without = {trial.params[parent] for trial in trials if name not in trial.params}
        if not without & {trial.params[parent] for trial in trials if name in trial.params}:
            return [(parent, tuple(option for option in dimension.options if option not in without))]
    return []


def _dimension(distribution: BaseDistribution) -> Between | Among:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return Among(*choices)
        case FloatDistribution(low=low, high=high, log=log, step=step):
            return Between(float(low), float(high), log=log, step=step)
        case IntDistribution(low=low, high=high, log=log, step=step):
            return Between(low, high, log=log, step=None if log else step)
        case _:
            raise TypeError(f"a parameter is a float, an int or a category, got {distribution!r}")
