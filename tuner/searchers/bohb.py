"""The model of BOHB."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from pydantic import Field

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space
    from tuner.searchers._by_rule import ByRule


class Bohb(Searcher):
    """TPE on the latest epoch that enough trials have come to, as BOHB draws (Falkner et al., ICML 2018, Algorithm 2).

    All that have come to that epoch are compared by their value there, whether they were stopped then or trained on:
    with a scheduler that stops trials at rungs, it is the highest rung with enough of them. A third of the draws stays
    random. The two densities are those of Optuna's TPESampler, several parameters together.
    """

    startup: int | None = Field(default=None, ge=1)
    """The trials that must have come to an epoch before it makes a model; 3 more than parameters by default."""
    random_fraction: float = Field(default=1 / 3, ge=0, le=1)
    """The share of the draws that stays random, so that a model that is wrong cannot mislead for ever."""

    def build(self, space: Space, study: Study, seed: int) -> ByRule:
        """Optuna's sampler before the trials as they stood at one epoch, or random draws."""
        from optuna.samplers import TPESampler

        from tuner.searchers import _model

        needed = self.startup or len(space.parameters()) + 3
        epoch = highest(study, needed)
        if epoch is None or random.Random(seed).random() < self.random_fraction:
            return RandomSearch().build(space, study, seed)
        model = TPESampler(seed=seed, n_startup_trials=1, multivariate=True)
        return _model.sampler_of(model, study, _as_at(study, epoch))


def highest(study: Study, needed: int) -> int | None:
    """The latest epoch for which so many trials have a finite value; None if there is none."""
    counts: dict[int, int] = {}
    for trial in study.get_trials(deepcopy=False):
        for epoch, value in trial.intermediate_values.items():
            counts[epoch] = counts.get(epoch, 0) + math.isfinite(value)
    return max((epoch for epoch, count in counts.items() if count >= needed), default=None)


def _as_at(study: Study, epoch: int) -> list[FrozenTrial]:
    """The trials by their values at an epoch, the failed ones behind them all; of others at work it only keeps away."""
    from optuna.trial import TrialState

    from tuner.searchers._model import cut_short, retold, trials_of

    def told(trial: FrozenTrial) -> FrozenTrial | None:
        value = trial.intermediate_values.get(epoch, math.nan)
        if trial.state is TrialState.FAIL:
            return retold(trial, TrialState.PRUNED)
        if math.isfinite(value):
            return retold(trial, TrialState.COMPLETE, values=[value])
        return None if cut_short(trial) else retold(trial, TrialState.RUNNING)

    started = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING)
    return [found for trial in trials_of(study, *started) if (found := told(trial))]
