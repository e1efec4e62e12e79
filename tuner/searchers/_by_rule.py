"""An Optuna sampler from a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

Rule = Callable[[int, str, "BaseDistribution"], Any]
"""(trial number, parameter name, distribution) -> value."""


class ByRule(BaseSampler):
    """Draws each parameter, when it is asked for, by a rule. It keeps nothing.

    So it takes any conditional space: a parameter of a branch that was not chosen is never asked for.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """None: every parameter is drawn by itself."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is drawn ahead."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """What the rule says."""
        return self.rule(trial.number, param_name, param_distribution)
