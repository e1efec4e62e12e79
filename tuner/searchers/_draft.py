"""A trial that is drawn but not kept: what a searcher would propose, before anyone is told."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.dimensions import Value


class Draft:
    """Draws as Optuna's live trial does, but writes nothing into the study.

    Args:
        sampler: Draws what is not given.
        study: The trials so far.
        number: The number under which the sampler is asked.
        given: Parameters that have their value already; those that are never asked for are left out.
    """

    def __init__(
        self, sampler: BaseSampler, study: Study, number: int, given: Mapping[str, Value] | None = None
    ) -> None:
        self._sampler, self._study = sampler, study
        self.trial = _blank(number)
        ahead = sampler.infer_relative_search_space(study, self.trial)
        self._known = {**sampler.sample_relative(study, self.trial, ahead), **(given or {})}

    @property
    def params(self) -> dict[str, Any]:
        """What was asked for so far."""
        return self.trial.params

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A real number."""
        return float(self._suggest(name, FloatDistribution(low, high, step=step, log=log)))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer."""
        return int(self._suggest(name, IntDistribution(low, high, step=step, log=log)))

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Any:
        """One of the options."""
        return self._suggest(name, CategoricalDistribution(tuple(choices)))

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if name not in self.trial.params:
            self.trial.params[name] = self._draw(name, distribution)
            self.trial.distributions[name] = distribution
        return self.trial.params[name]

    def _draw(self, name: str, distribution: BaseDistribution) -> Any:
        if name in self._known:
            return self._known[name]
        if distribution.single():  # samplers never see these, Optuna's own trials neither
            return distribution.choices[0] if isinstance(distribution, CategoricalDistribution) else distribution.low  # type: ignore[attr-defined]
        return self._sampler.sample_independent(self._study, self.trial, name, distribution)


def _blank(number: int) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        trial_id=-1,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=datetime.now(),
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )
