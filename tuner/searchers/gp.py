"""Gaussian process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from search_spaces.problems import Problem, Problems
from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space


class Gp(Searcher):
    """Gaussian process with expected improvement (Jones et al., 1998; Ament et al., NeurIPS 2023; Optuna's GPSampler).

    It learns most from each trial, and costs about a second a draw. It compares whole trainings only: trials that a
    scheduler cut short are left out, and a failed trial counts as bad as the worst one. Every parameter must be part
    of every point.
    """

    startup: int = Field(default=10, ge=1)
    """The trials that must have been trained to the end before the model draws; until then draws are random."""

    def check(self, space: Space) -> None:
        """Refuse a space in which some parameters exist beside others only."""
        if found := conditions(space):
            raise Problems(
                Problem("searcher", f"gp needs every parameter in every point, but {it}: keep one of them, or use tpe")
                for it in found
            )

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """Optuna's sampler before the study's trials, or random draws while they are too few."""
        from optuna.samplers import GPSampler

        from tuner.searchers import _model

        trials = _as_gp_compares(study)
        if sum(trial.state.name == "COMPLETE" for trial in trials) < self.startup:
            return RandomSearch().build(space, study, seed)
        model = GPSampler(seed=seed, n_startup_trials=1, warn_independent_sampling=False)
        return _model.sampler_of(model, study, trials)


def conditions(space: Space) -> list[str]:
    """What makes parameters come and go: the slots with several choices of which one has parameters."""
    return [
        f"those of {slot} depend on which of {', '.join(branch.name for branch in branches)} is drawn"
        for slot, branches in space.slots.items()
        if len(branches) > 1 and any(branch.searched for branch in branches)
    ]


def _as_gp_compares(study: Study) -> list[FrozenTrial]:
    """Whole trainings, and failed trials with the worst of their values: left out, they would be tried again.

    Of those at work it only keeps away.
    """
    from optuna.trial import TrialState

    from tuner.searchers._model import cut_short, retold, trials_of

    if not (whole := trials_of(study, TrialState.COMPLETE)):
        return []
    worst = (min if study.direction.name == "MAXIMIZE" else max)(trial.values[0] for trial in whole)
    failed = [it for it in trials_of(study, TrialState.FAIL) if it.params.keys() == whole[0].params.keys()]
    running = [it for it in trials_of(study, TrialState.RUNNING) if not cut_short(it)]
    return [
        *(retold(trial, TrialState.COMPLETE, value=trial.value) for trial in whole),
        *(retold(trial, TrialState.COMPLETE, value=worst) for trial in failed),
        *(retold(trial, TrialState.RUNNING) for trial in running),
    ]
