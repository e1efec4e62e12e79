"""The leaderboard as the command line shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from tracking.leaderboard import REPEATED
from tuner.tables import print_table

if TYPE_CHECKING:
    from tracking.records import SweepRecord


def print_leaderboard(record: SweepRecord, board: pd.DataFrame) -> None:
    """A leaderboard as a table; a rank that several trials share is marked with an equals sign."""
    extra = [name for name in ("pareto", *record.goals.metrics[1:], *REPEATED) if name in board]
    columns = {"rank": "rank", "trial": "trial", "value": record.objective.metric, "step": "epoch"}
    columns |= {name: name for name in extra if name not in columns}
    named = ("architecture", "optimizer", "epochs", "seconds", "parameters", "state")
    columns |= {name: name for name in named if name != "optimizer" or (board[name] != "").any()}
    numeric = ("rank", "trial", "value", "step", "epochs", "seconds", "parameters", *extra)
    cells = {name: [_cell(name, value) for value in board[name].tolist()] for name in columns}
    cells["rank"] = [f"{rank}=" if tied is True else rank for rank, tied in _pairs(cells["rank"], board["tied"])]
    remarks = board["broken"] if "broken" in board else pd.Series([None] * len(board))
    remarks = board["cause"].reset_index(drop=True).fillna(remarks.reset_index(drop=True))
    cells["state"] = [_remarked(state, remark) for state, remark in _pairs(cells["state"], remarks)]
    sides = {heading: "right" if name in numeric else "left" for name, heading in columns.items()}
    print_table(sides, list(zip(*cells.values(), strict=True)))


def _pairs(cells: list[str], column: pd.Series) -> Any:
    return zip(cells, column.tolist(), strict=True)


def _remarked(state: str, remark: Any) -> str:
    return f"{state}: {remark}" if isinstance(remark, str) and remark else state


def _cell(column: str, value: Any) -> str:
    if pd.isna(value):
        return ""
    if column in ("value", "mean", "spread"):
        return f"{value:.4f}"
    if column == "parameters":
        return f"{value:,}"
    if column == "seconds":
        return f"{value:.1f}"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
