"""NSGA-II with generations that follow from the trials alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna.samplers import NSGAIISampler
from optuna.trial import TrialState

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


class Generations(NSGAIISampler):
    """Takes the study's trials in the order of their numbers: so many are the first generation, as many the next, ...

    Optuna's own keeps each trial's generation in the study; a study that was told again has none.
    """

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        """The generation of the next trial."""
        return len(self._told(study)) // self._size

    def get_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        """The trials of a generation."""
        return self._told(study)[generation * self._size : (generation + 1) * self._size]

    @property
    def _size(self) -> int:
        assert self.population_size is not None  # NSGAIISampler always has one
        return self.population_size

    def _told(self, study: Study) -> list[FrozenTrial]:
        return study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
