"""The leaderboard: every trial of a sweep, ranked by its best value so far."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tracking.records import LeaderboardEntry, Objective, State, SweepRecord, TrialRecord

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
}


def entries(sweep: SweepRecord) -> list[LeaderboardEntry]:
    """Every trial, the best first; equal values share a rank (1, 1, 3), the lower number first.

    A trial ranks by its best finite report, whatever its state. One without a finite report has no rank, nor has one
    that failed: these follow, the failed ones last.
    """
    ranks = _ranks(sweep)
    rows = [_entry(trial, sweep.objective, ranks.get(trial.number)) for trial in sweep.trials]
    return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, row.state is State.FAIL, row.trial))


def leaderboard(sweep: SweepRecord) -> pd.DataFrame:
    """The entries as a frame: `COLUMNS`, then one column a searched parameter by its dotted name; missing is NA.

    A parameter named like one of the columns says the same as the column (`architecture` where several compete) and
    has none of its own. The seconds of a trial still at work are not known.
    """
    rows = entries(sweep)
    columns = {name: pd.array([_cell(row, name) for row in rows], dtype=dtype) for name, dtype in COLUMNS.items()}
    searched = sorted({name for row in rows for name in row.params} - COLUMNS.keys())
    return pd.DataFrame(columns | {name: pd.array([row.params.get(name) for row in rows]) for name in searched})


def _ranks(sweep: SweepRecord) -> dict[int, int]:
    values = {
        trial.number: best[1]
        for trial in sweep.trials
        if trial.state is not State.FAIL and (best := trial.best(sweep.objective))
    }
    places: dict[float, int] = {}
    for place, value in enumerate(sorted(values.values(), reverse=sweep.objective.mode == "max"), start=1):
        places.setdefault(value, place)
    return {number: places[value] for number, value in values.items()}


def _entry(trial: TrialRecord, objective: Objective, rank: int | None) -> LeaderboardEntry:
    step, value = trial.best(objective) or (None, None)
    return LeaderboardEntry(
        rank=rank,
        trial=trial.number,
        state=trial.state,
        value=value,
        step=step,
        architecture=trial.choice("architecture"),
        optimizer=trial.choice("optimizer"),
        epochs=trial.epochs,
        seconds=trial.seconds,
        cause=trial.cause,
        checkpoint=trial.checkpoint.path if trial.checkpoint else None,
        params=trial.params,
    )


def _cell(row: LeaderboardEntry, name: str) -> Any:
    """A column's value in a row, None where nothing is known: no such slot, or no clock read yet."""
    value = getattr(row, name)
    unknown = value == "" or (name == "seconds" and not value and not row.state.finished)
    return None if unknown else value
