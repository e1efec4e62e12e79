"""The leaderboard: every trial of a sweep, ranked by its best value so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tracking.pareto import fronts
from tracking.records import LeaderboardEntry, State, SweepRecord, TrialRecord
from tracking.repeats import configurations, repeats_of

COLUMNS: dict[str, Any] = {
    "rank": "Int64",
    "trial": "Int64",
    "state": "string",
    "value": "Float64",
    "step": "Int64",
    "architecture": "string",
    "optimizer": "string",
    "epochs": "Int64",
    "seconds": "Float64",
    "cause": "string",
    "checkpoint": "string",
    "tied": "boolean",
    "parameters": "Int64",
    "size_mb": "Float64",
}
REPEATED: dict[str, Any] = {"seeds": "Int64", "mean": "Float64", "spread": "Float64"}
"""Columns of sweeps that train every point with several seeds."""


def entries(sweep: SweepRecord) -> list[LeaderboardEntry]:
    """Every trial, the best first; equal values share a rank (1, 1, 3), the lower number first.

    A trial ranks by its best finite report, whatever its state. One without a finite report has no rank, nor has one
    that breaks a constraint, nor one that failed: these follow, the failed ones last. With several objectives the
    trials of the first front come first (`tracking.pareto`), then those of the second; within a front the leading
    objective ranks. Where points are repeated with several seeds, each trial still ranks by its own value; `mean` and
    `spread` (standard deviation) are those of its point.
    """
    scores = {trial.number: found for trial in sweep.trials if (found := sweep.scores(trial))}
    placed = dict(zip(scores, fronts(list(scores.values())), strict=True)) if sweep.further else {}
    ranks = _ranks({number: (-placed.get(number, 0), found[0]) for number, found in scores.items()})
    means, shared = _means(sweep), Counter(ranks.values())
    rows = [
        _entry(
            sweep,
            trial,
            rank=(rank := ranks.get(trial.number)),
            tied=rank is not None and shared[rank] > 1,
            front=placed.get(trial.number),
            **means.get(trial.number, {}),
        )
        for trial in sweep.trials
    ]
    return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, row.state is State.FAIL, row.trial))


def leaderboard(sweep: SweepRecord) -> pd.DataFrame:
    """The entries as a frame: `COLUMNS`, then one column a searched parameter by its dotted name; missing is NA.

    A parameter named like one of the columns says the same as the column (`architecture` where several compete) and
    has none of its own. The seconds of a trial still at work are not known, nor are `parameters` and `size_mb` (of
    10**6 bytes) before it has ended. `tied` says that its rank is another's too. With several objectives `pareto` is
    the trial's front, 1 for those that no other beats in all objectives at once; each further objective and constrained
    metric has a column of its name, at the trial's `step`; `broken` says which constraints a trial breaks.
    """
    rows = entries(sweep)
    shown = COLUMNS | (REPEATED if repeats_of(sweep) > 1 else {})
    columns = {name: pd.array(_cells(rows, name), dtype=dtype) for name, dtype in shown.items()}
    columns |= _goal_columns(sweep, rows)
    searched = sorted({name for row in rows for name in row.params} - columns.keys())
    return pd.DataFrame(columns | {name: pd.array([row.params.get(name) for row in rows]) for name in searched})


def front(sweep: SweepRecord) -> pd.DataFrame:
    """The leaderboard's trials that no other beats in all objectives at once; with one objective, the best ones."""
    board = leaderboard(sweep)
    return board[(board["pareto" if sweep.further else "rank"] == 1).fillna(False)].reset_index(drop=True)


def _goal_columns(sweep: SweepRecord, rows: Sequence[LeaderboardEntry]) -> dict[str, Any]:
    """What the leaderboard shows besides one objective; nothing without more."""
    found: dict[str, Any] = {}
    if sweep.further:
        found["pareto"] = pd.array([row.front for row in rows], dtype="Int64")
    for metric in sweep.goals.metrics[1:]:
        found[metric] = pd.array([row.values.get(metric) for row in rows], dtype="Float64")
    if sweep.constraints:
        found["broken"] = pd.array(["; ".join(row.broken) or None for row in rows], dtype="string")
    return {name: column for name, column in found.items() if name not in COLUMNS}


def _ranks(keys: Mapping[int, tuple[float, float]]) -> dict[int, int]:
    """Each trial's place, the highest key first; equal keys share one."""
    places: dict[tuple[float, float], int] = {}
    for place, key in enumerate(sorted(keys.values(), reverse=True), start=1):
        places.setdefault(key, place)
    return {number: places[key] for number, key in keys.items()}


def _entry(sweep: SweepRecord, trial: TrialRecord, **known: Any) -> LeaderboardEntry:
    step, value = trial.best(sweep.objective) or (None, None)
    best = trial if step is None else trial.at(step)
    return LeaderboardEntry(
        trial=trial.number,
        state=trial.state,
        value=value,
        step=step,
        architecture=best.choice("architecture"),
        optimizer=best.choice("optimizer"),
        epochs=trial.epochs,
        seconds=trial.seconds,
        cause=trial.cause,
        checkpoint=trial.checkpoint.path if trial.checkpoint and Path(trial.checkpoint.path).is_file() else None,
        params=best.params,
        values=trial.values,
        broken=sweep.broken(trial),
        parameters=_size(trial, "parameters"),
        size_mb=_size(trial, "size_mb"),
        **known,
    )


def _size(trial: TrialRecord, name: str) -> float | None:
    """What the ledger noted at the trial's end; of one that was not trained what was measured before."""
    found: float | None = trial.attributes.get("size", {}).get(name, trial.values.get(name))
    return found


def _means(sweep: SweepRecord) -> dict[int, dict[str, Any]]:
    """By trial: on how many seeds its point's mean and spread stand; nothing where none are repeated."""
    if repeats_of(sweep) == 1:
        return {}
    return {
        trial.number: {
            "seeds": it.mean.count,
            "mean": it.mean.mean,
            "spread": it.mean.spread if it.mean.count > 1 else None,
        }
        for it in configurations(sweep)
        for trial in it.trials.values()
    }


def _cells(rows: Sequence[LeaderboardEntry], name: str) -> list[Any]:
    """A column's values, None where nothing is known: no such slot, or no clock read yet."""
    if name == "seconds":
        return [row.seconds if row.seconds or row.state.finished else None for row in rows]
    return [None if (value := getattr(row, name)) == "" else value for row in rows]
