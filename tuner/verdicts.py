"""Why a trial cannot go on after a report, whatever its scheduler would say."""

from __future__ import annotations

import math

from tracking.goals import Goals, Values
from tracking.records import Report
from tuner.reported import LASTING

BY_HAND = "stopped by hand"
"""The cause of what somebody has asked to end."""


def no_number(report: Report, goals: Goals) -> str | None:
    """An objective, or the loss that it trains on, is no number any more: the trial has failed."""
    for metric in (*(objective.metric for objective in goals.objectives), "train/loss"):
        value = report.metrics.get(metric, 0.0)
        if not math.isfinite(value):
            return f"{metric} became {value} in epoch {report.step}"
    return None


def out_of_bounds(measured: Values, goals: Goals) -> str | None:
    """A constraint is broken that stays broken however long the trial trains: it is stopped, and has not failed."""
    broken = goals.broken({metric: measured[metric] for metric in LASTING if metric in measured})
    return f"breaks a constraint: {'; '.join(broken)}" if broken else None


def kind_of(cause: str) -> str:
    """A cause without the epoch in which it struck."""
    return cause.split(" in epoch ", maxsplit=1)[0]
