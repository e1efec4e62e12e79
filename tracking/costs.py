"""What a sweep's results cost: the epochs and seconds trained by all its trials until then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tracking import spool
from tracking.records import State, SweepRecord

COSTS = ("epochs", "seconds")
"""In what costs are counted; seconds are those of training, added up over trials, whoever ran beside them."""


def reports(sweep: SweepRecord) -> pd.DataFrame:
    """Every report in the order in which they came: what it cost, its trial, step and value.

    `epochs` and `seconds` are those of all trials until then. `architecture` is the trial's at that step. The epochs of
    a failed trial cost as much as any; its values count for nothing, as on the leaderboard, nor do those of a report
    that breaks a constraint: they are NaN.
    """
    history = _single(sweep)
    history[list(COSTS)] = history[list(COSTS)].cumsum()
    return history


def best_at(history: pd.DataFrame, cost: str, marks: Sequence[float], more_is_better: bool) -> list[float]:
    """The best value that had come at each of these costs, in `epochs` or `seconds`; NaN where none had."""
    values = history["value"].where(np.isfinite(history["value"].astype(float)))
    so_far = (values.cummax() if more_is_better else values.cummin()).ffill()
    places = np.searchsorted(history[cost].to_numpy(dtype=float), np.asarray(marks, dtype=float), side="right")
    return [float(so_far.iloc[place - 1]) if place else float("nan") for place in places]


def best_by_architecture(sweep: SweepRecord) -> pd.DataFrame:
    """Each architecture's best value after as many epochs as the one that was trained least had, the best first.

    So none looks better for having been trained more. Columns: `architecture`, `trials`, `epochs` that it was trained
    in all, `at`: the epochs at which all are compared, `value` there, and `best` of all.
    """
    more_is_better = sweep.objective.mode == "max"
    grouped = _single(sweep).groupby("architecture", sort=True)
    parts = {str(name): part.assign(epochs=part["epochs"].cumsum()) for name, part in grouped}
    common = min((float(part["epochs"].iloc[-1]) for part in parts.values()), default=0.0)
    rows = []
    for name, part in parts.items():
        spent = float(part["epochs"].iloc[-1])
        value, best = best_at(part, "epochs", [common, spent], more_is_better)
        rows.append((name, part["trial"].nunique(), int(spent), int(common), value, best))
    found = pd.DataFrame(rows, columns=["architecture", "trials", "epochs", "at", "value", "best"])
    return found.sort_values("value", ascending=not more_is_better, na_position="last", ignore_index=True)


def _single(sweep: SweepRecord) -> pd.DataFrame:
    """Every report in the order in which they came, at what it cost by itself."""
    columns = ["order", "trial", "step", "architecture", "epochs", "seconds", "value"]
    history = pd.DataFrame(_rows(sweep), columns=columns).sort_values("order", ignore_index=True)
    return history.drop(columns="order")


def _rows(sweep: SweepRecord) -> list[tuple[int, int, int, str, int, float, float]]:
    """(order, trial, step, architecture, epochs and seconds since the trial's report before, value) of every report."""
    rows = []
    for trial in sweep.trials:
        step, seconds = 0, 0.0
        for order, kept in spool.read_ordered(trial.folder) if trial.folder else []:
            if kept.step in trial.curve:
                counts = trial.state is not State.FAIL and not sweep.goals.broken(kept.metrics)
                value = trial.curve[kept.step] if counts else float("nan")
                name = trial.at(kept.step).choice("architecture")
                rows.append((order, trial.number, kept.step, name, kept.step - step, kept.seconds - seconds, value))
                step, seconds = kept.step, kept.seconds
    return rows
