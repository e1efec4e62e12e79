"""Tree-structured Parzen estimator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space
    from tuner.searchers._by_rule import ByRule


class Tpe(Searcher):
    """Tree-structured Parzen estimator, for any space (Bergstra et al., NeurIPS 2011; Optuna's TPESampler).

    Points are drawn where good trials lie denser than the others. Trials trained to the end rank first, then those
    that a scheduler cut short, the longer before the shorter, then the failed ones. So that no model is made of first
    epochs alone, draws are random until as many trials were trained to the end as the model takes for good.
    """

    learns_from_whole: ClassVar[bool] = True
    several_objectives: ClassVar[bool] = True

    startup: int = Field(default=10, ge=1)
    """The trials that must have told their value before the model draws; until then draws are random."""

    def build(self, space: Space, study: Study, seed: int) -> ByRule:
        """Optuna's sampler before the study's trials, or random draws while they are too few."""
        from optuna.samplers import TPESampler

        from tuner.searchers import _model

        trials = _as_tpe_ranks(study)
        if not self._ready(trials):
            return RandomSearch().build(space, study, seed)
        return _model.sampler_of(TPESampler(seed=seed, n_startup_trials=1, multivariate=True), study, trials)

    def _ready(self, trials: list[FrozenTrial]) -> bool:
        whole = sum(trial.state.name == "COMPLETE" for trial in trials)
        short = [trial for trial in trials if trial.state.name == "PRUNED"]
        valued = whole + sum(bool(trial.intermediate_values) for trial in short)
        return valued >= self.startup and whole >= _good(whole + len(short))


def _good(trials: int) -> int:
    """How many of so many trials TPE takes as the good ones: Optuna's `default_gamma`."""
    return min(25, math.ceil(0.1 * trials))


def _as_tpe_ranks(study: Study) -> list[FrozenTrial]:
    """The trials such that TPE ranks them rightly.

    It ranks pruned ones by how far they came, then by their last value, and those without a value last: the place of
    the failed ones, and of all that were cut short if there are several objectives. Of running ones it only keeps away.
    """
    from optuna.trial import TrialState

    from tuner.searchers._model import beyond_all, cut_short, retold, trials_of

    def ranked(trial: FrozenTrial) -> FrozenTrial:
        if trial.state is TrialState.FAIL:
            return retold(trial, TrialState.PRUNED, limits=limits)
        if cut_short(trial):
            return retold(trial, TrialState.PRUNED, curve=trial.intermediate_values if single else None)
        return retold(trial, trial.state, values=trial.values)

    single = len(study.directions) == 1
    started = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING)
    trials = trials_of(study, *started)
    limits = beyond_all(trials)
    return [ranked(trial) for trial in trials]
