"""Tree-structured Parzen estimator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space

class Tpe(Searcher):
    """Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011; Optuna's TPESampler): any space, any number of trials.

    Points are drawn where good trials lie denser than the others. Trials trained to the end rank first, then those
    that a scheduler cut short, the longer before the shorter, then the failed ones. So that no model is made of first
    epochs alone, draws are random until as many trials were trained to the end as the model takes for good.
    """

    startup: int = Field(default=10, ge=1)
    """The trials that must have told their value before the model draws; until then draws are random."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """Optuna's sampler before the study's trials, or random draws while they are too few."""
        from optuna.samplers import TPESampler

        from tuner.searchers import _model

        trials = [_as_tpe_ranks(trial) for trial in study.get_trials(deepcopy=False)]
        if not self._ready(trials):
            return RandomSearch().build(space, study, seed)
        return _model.sampler_of(TPESampler(seed=seed, n_startup_trials=1, multivariate=True), study, trials)

    def _ready(self, trials: list[FrozenTrial]) -> bool:
        whole = sum(trial.state.name == "COMPLETE" for trial in trials)
        cut = sum(trial.state.name == "PRUNED" for trial in trials)
        valued = whole + sum(bool(trial.intermediate_values) for trial in trials if trial.state.name == "PRUNED")
        return valued >= self.startup and whole >= _good(whole + cut)


def _good(trials: int) -> int:
    """How many of so many trials TPE takes as the good ones: Optuna's `default_gamma`."""
    return min(25, math.ceil(0.1 * trials))


def _as_tpe_ranks(trial: FrozenTrial) -> FrozenTrial:
    """TPE ranks pruned trials by how far they came, then by their last value; those without a value last."""
    from optuna.trial import TrialState

    from tuner.searchers import _model

    if trial.state is TrialState.FAIL:
        return _model.retold(trial, TrialState.PRUNED)
    if _model.cut_short(trial):
        return _model.retold(trial, TrialState.PRUNED, curve=trial.intermediate_values)
    return trial
