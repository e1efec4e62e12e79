"""A model of past trials as a sampler: it is shown a copy of the study, in which each trial says what it can."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner.searchers._by_rule import ByRule
from tuner.searchers._draft import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study, StudyDirection

    from search_spaces.space import Space


def sampler_of(model: BaseSampler, study: Study, trials: Iterable[FrozenTrial]) -> ByRule:
    """A sampler that draws one point by a model which is shown these trials in place of the study's own."""
    shown = _study(study.directions, model)
    shown.add_trials(trials)
    live = shown.ask()
    return ByRule(lambda number, name, distribution: _draw(live, name, distribution))


def _study(directions: Sequence[StudyDirection], sampler: BaseSampler) -> Study:
    """A study in memory, without the line about it that whoever runs a plain study would read for every trial."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        return optuna.create_study(directions=directions, sampler=sampler)
    finally:
        optuna.logging.set_verbosity(before)


def trials_of(study: Study, *states: TrialState) -> list[FrozenTrial]:
    """The study's trials in these states, in the order of their numbers, not to be changed."""
    return study.get_trials(deepcopy=False, states=states)


def cut_short(trial: FrozenTrial) -> bool:
    """Whether a scheduler has compared the trial and held it back: pruned, or paused at a rung."""
    waits = trial.state is TrialState.RUNNING and bool(trial.user_attrs.get("paused"))
    return trial.state is TrialState.PRUNED or (waits and bool(trial.intermediate_values))


def merit(trial: FrozenTrial, study: Study) -> tuple[int, int, float]:
    """How a trial ranks by one objective, more is better: whole trainings by value, short ones by length and value.

    Those that break constraints come behind these, by how much they do, and last the failed ones and those without a
    number: the order in which TPE has them.
    """
    sign = 1 if study.direction.name == "MAXIMIZE" else -1
    curve = {step: value for step, value in trial.intermediate_values.items() if math.isfinite(value)}
    if excess := sum(it for it in trial.constraints.values() if it > 0):
        return 1, 0, -excess
    if trial.state is TrialState.COMPLETE:
        return 3, 0, sign * trial.values[0]
    if not (cut_short(trial) and curve):
        return 0, 0, 0.0
    return 2, max(curve), sign * curve[max(curve)]


def settled(study: Study) -> list[FrozenTrial]:
    """The trials that have shown what they are worth, in the order of their numbers: all but those at work."""
    started = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING)
    return [it for it in trials_of(study, *started) if it.state is not TrialState.RUNNING or cut_short(it)]


def filled(trial: FrozenTrial, absent: BaseSampler, space: Space, study: Study) -> FrozenTrial:
    """The trial with a value for every parameter of the space; `absent` draws those that its point does not have."""
    draft = Draft(absent, study, trial.number, trial.params)
    for name, dimension in space.parameters().items():
        dimension.suggest(draft, name)
    whole = copy(trial)
    whole.params = draft.params | trial.params
    whole.distributions = draft.trial.distributions | trial.distributions
    return whole


def beyond_all(trials: Iterable[FrozenTrial]) -> dict[str, float]:
    """What is said of a failed trial's constraints: it breaks each as far as any; else it would pass for feasible."""
    found: dict[str, float] = {}
    for trial in trials:
        for name, excess in trial.constraints.items():
            found[name] = max(1.0, excess, found.get(name, 1.0))
    return found


def retold(
    trial: FrozenTrial,
    state: TrialState,
    *,
    values: Sequence[float] | None = None,
    curve: Mapping[int, float] | None = None,
    limits: Mapping[str, float] | None = None,
) -> FrozenTrial:
    """The same point with this outcome; the values of the curve that are no numbers are left out.

    What it says of constraints stays. `limits` is what is said of those that it does not know: of trials which a
    Gaussian process compares, each must know the same.
    """
    return _Shown(
        number=trial.number,
        trial_id=trial.number,
        state=state,
        value=None,
        values=values,
        datetime_start=trial.datetime_start,
        datetime_complete=(trial.datetime_complete or trial.datetime_start) if state.is_finished() else None,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={},
        system_attrs={f"constraints:{name}": it for name, it in {**(limits or {}), **trial.constraints}.items()},
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
