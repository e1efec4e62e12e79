"""The trials of earlier sweeps that count as seen, as the study's own are."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from optuna.trial import FrozenTrial, TrialState

from tuner import warm_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.study import Study


def earlier_of(study: Study) -> list[FrozenTrial]:
    """What was noted when the study was made, under the numbers -1, -2, ...: the study's own begin at 0."""
    return [_frozen(-1 - place, told) for place, told in enumerate(warm_start.trials_of(study))]


def _frozen(number: int, told: Mapping[str, Any]) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=TrialState[told["state"]],
        value=told.get("value"),
        datetime_start=datetime.min,
        datetime_complete=datetime.min,
        params=told["params"],
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values=dict(told["curve"]),
    )
