"""Where the metric of a confirmed network is to be expected on the test part, as far as that can be known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tracking.intervals import elsewhere, share_spread
from tracking.repeats import Configuration
from tuner.reported import bounds

Expected = tuple[float, float] | str
"""From where to where, in 95 of 100 cases; or why that cannot be known."""

_SHARE = re.compile(r"(top_?\d+_)?(acc|accuracy|error_rate)|top_?\d+_error|(acc|accuracy|error)_top_?\d+")


def expected(metric: str, winner: Configuration, judged: Mapping[str, Any]) -> Expected:
    """Where the metric of one such network lies on other samples, or a sentence on why nobody knows.

    It is known for shares of the samples (by the metric's name: accuracy, error_rate, top5_accuracy) and for means over
    samples whose spread was measured when the test part was read (`tuner.modules.spreads`).

    Args:
        metric: The objective's, `val/...`.
        winner: The confirmed configuration.
        judged: What the ledger noted when the test part was read: `samples` of each part, `spreads` of the metrics.
    """
    values, counts = list(winner.values.values()), judged.get("samples")
    if len(values) < 2:
        return "one training alone does not say how far others lie from it"
    if not judged:
        return "the test part was not read"
    if not counts:
        return "how many samples were judged is not known: a data module of one's own, or an older version"
    if dependent := _dependent(winner):
        return f"samples of one {dependent} depend on each other: their number does not say how much they tell"
    spread = _spread(metric, values, counts["validation"], judged.get("spreads", {}))
    if spread is None:
        return f"{metric} is not known to be a mean over independent samples"
    return elsewhere(values, spread, (counts["validation"], counts["test"]), _bounds(metric))


def _spread(metric: str, values: list[float], count: int, measured: Mapping[str, float]) -> float | None:
    name = metric.rpartition("/")[2]
    if name in measured:
        return measured[name]
    return share_spread(values, count) if _is_share(name, values) else None


def _is_share(name: str, values: list[float]) -> bool:
    return _SHARE.fullmatch(name) is not None and all(0 <= value <= 1 for value in values)


def _bounds(metric: str) -> tuple[float, float]:
    return (0.0, 1.0) if _SHARE.fullmatch(metric.rpartition("/")[2]) else bounds(metric)


def _dependent(winner: Configuration) -> str | None:
    """The column by which the data was split because its rows depend on each other."""
    dataset = winner.typical().choices.get("dataset", {})
    found = dataset.get("group") or dataset.get("time")
    return str(found) if found else None
