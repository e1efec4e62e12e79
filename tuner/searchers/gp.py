"""Gaussian process."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space

LARGEST = 1e100
"""Values beyond it count as this."""


class Gp(Searcher):
    """Gaussian process with expected improvement (Jones et al., 1998; Ament et al., NeurIPS 2023; Optuna's GPSampler).

    It learns most from each trial, and costs about a second a draw. It compares whole trainings only: trials that a
    scheduler cut short are left out, and a failed trial counts as bad as the worst one. Where a point lacks a
    parameter, it is compared as if it had the middle of its range; that and what is drawn there have no effect.
    """

    learns_from_whole: ClassVar[bool] = True
    several_objectives: ClassVar[bool] = True

    startup: int = Field(default=10, ge=1)
    """The trials that must have been trained to the end before the model draws; until then draws are random."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """Optuna's sampler before the study's trials, or random draws while they are too few."""
        from optuna.samplers import GPSampler

        from tuner.searchers import _model
        from tuner.searchers._share import value_at

        middle = _model.ByRule(lambda number, name, distribution: value_at(0.5, distribution))
        trials = _as_gp_compares(study, lambda trial: _model.filled(trial, middle, space, study))
        if sum(trial.state.name == "COMPLETE" for trial in trials) < self.startup:
            return RandomSearch().build(space, study, seed)
        model = GPSampler(seed=seed, n_startup_trials=1, warn_independent_sampling=False)
        return _model.sampler_of(model, study, trials)


def _as_gp_compares(study: Study, filled: Callable[[FrozenTrial], FrozenTrial]) -> list[FrozenTrial]:
    """Whole trainings, and with the worst of their values those that failed or were stopped for breaking a constraint.

    Left out, these would be tried again. Of those at work it only keeps away.
    """
    from optuna.trial import TrialState

    from tuner.searchers._model import cut_short, retold, trials_of

    if not (whole := trials_of(study, TrialState.COMPLETE)):
        return []
    columns = zip(*(_tame(trial.values) for trial in whole), strict=True)
    pairs = zip(study.directions, columns, strict=True)
    worst = [(min if direction.name == "MAXIMIZE" else max)(values) for direction, values in pairs]
    unwanted = [*trials_of(study, TrialState.FAIL), *filter(_is_infeasible, trials_of(study, TrialState.PRUNED))]
    limits = dict.fromkeys((name for trial in (*whole, *unwanted) for name in trial.constraints), 0.0)
    running = [it for it in trials_of(study, TrialState.RUNNING) if not cut_short(it)]
    return [
        *(retold(filled(it), TrialState.COMPLETE, values=_tame(it.values), limits=limits) for it in whole),
        *(retold(filled(it), TrialState.COMPLETE, values=worst, limits=limits) for it in unwanted),
        *(retold(filled(it), TrialState.RUNNING) for it in running),
    ]


def _tame(values: Sequence[float]) -> list[float]:
    """Within the numbers whose squares are numbers: the model works with variances."""
    return [min(max(value, -LARGEST), LARGEST) for value in values]


def _is_infeasible(trial: FrozenTrial) -> bool:
    return any(excess > 0 for excess in trial.constraints.values())
