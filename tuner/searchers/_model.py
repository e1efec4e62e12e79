"""A model of past trials as a sampler: it is shown a copy of the study, in which each trial says what it can."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner.searchers._by_rule import ByRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study


def sampler_of(model: BaseSampler, study: Study, trials: Iterable[FrozenTrial]) -> BaseSampler:
    """A sampler that draws one point by a model which is shown these trials in place of the study's own."""
    shown = optuna.create_study(direction=study.direction, sampler=model)
    shown.add_trials(trials)
    live = shown.ask()
    return ByRule(lambda number, name, distribution: _draw(live, name, distribution))


def trials_of(study: Study, *states: TrialState) -> list[FrozenTrial]:
    """The study's trials in these states, in the order of their numbers, not to be changed."""
    return study.get_trials(deepcopy=False, states=states)


def cut_short(trial: FrozenTrial) -> bool:
    """Whether a scheduler has compared the trial and held it back: pruned, or paused at a rung."""
    waits = trial.state is TrialState.RUNNING and bool(trial.user_attrs.get("paused"))
    return trial.state is TrialState.PRUNED or (waits and bool(trial.intermediate_values))


def retold(
    trial: FrozenTrial, state: TrialState, *, value: float | None = None, curve: Mapping[int, float] | None = None
) -> FrozenTrial:
    """The same point with this outcome; the values of the curve that are no numbers are left out."""
    return _Shown(
        number=trial.number,
        trial_id=trial.number,
        state=state,
        value=value,
        datetime_start=trial.datetime_start,
        datetime_complete=(trial.datetime_complete or trial.datetime_start) if state.is_finished() else None,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={},
        system_attrs={},
        intermediate_values={step: it for step, it in (curve or {}).items() if math.isfinite(it)},
    )


class _Shown(FrozenTrial):
    """A trial that shares its parameters with its copies: they are read only, and thousands are copied a draw."""

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenTrial:
        return copy(self)


def _draw(live: Trial, name: str, distribution: BaseDistribution) -> Any:
    match distribution:
        case FloatDistribution(low=low, high=high, step=step, log=log):
            return live.suggest_float(name, low, high, step=step, log=log)
        case IntDistribution(low=low, high=high, step=step, log=log):
            return live.suggest_int(name, low, high, step=step, log=log)
        case _:
            return live.suggest_categorical(name, distribution.choices)  # type: ignore[attr-defined]
