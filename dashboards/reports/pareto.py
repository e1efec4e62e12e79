"""The front of a sweep with several objectives: the trials that no other beats in all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dashboards import style
from dashboards.card import Card, NotYet
from tracking.leaderboard import leaderboard
from tracking.records import SweepRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

ORDER = 50
QUESTION = "What does one objective cost in another?"
WIDE = 30
"""An axis whose largest value is so many times its smallest is logarithmic."""


def report(sweep: SweepRecord) -> Card | NotYet:
    """Every trial by the first two objectives, and the front as a line; all objectives in the table."""
    if not sweep.further:
        return NotYet(QUESTION, f"{sweep.objective.metric} is the sweep's only objective")
    table = ranked(sweep)
    if table.empty:
        return NotYet(QUESTION, "no trial that keeps the constraints has reported a finite value of every objective")
    return Card(QUESTION, draw(table, sweep), front_of(table), caption(table, sweep))


def ranked(sweep: SweepRecord) -> pd.DataFrame:
    """trial, pareto, one column an objective, architecture; the trials that have a rank, the best first."""
    metrics = [objective.metric for objective in sweep.goals.objectives]
    board = leaderboard(sweep).rename(columns={"value": metrics[0]})
    return board.loc[board["rank"].notna(), ["trial", "pareto", *metrics, "architecture"]].reset_index(drop=True)


def front_of(table: pd.DataFrame) -> pd.DataFrame:
    """The trials of the first front."""
    return table[table["pareto"] == 1].drop(columns="pareto").reset_index(drop=True)


def caption(table: pd.DataFrame, sweep: SweepRecord) -> str:
    """How many trials are on the front, and between which values it lies."""
    found, parts = front_of(table), []
    for objective in sweep.goals.objectives:
        values = found[objective.metric].astype(float)
        parts.append(f"{objective.metric} from {style.shown(values.min())} to {style.shown(values.max())}")
    text = f"{style.counted(len(found), 'trial')} of {len(table):,} are beaten by no other in all objectives at once"
    flat = ", drawn by the first two objectives" if len(parts) > 2 else ""
    return f"{text}: {', '.join(parts)}{flat}."


def draw(table: pd.DataFrame, sweep: SweepRecord) -> go.Figure:
    """A dot a trial: the leading objective upwards, the next to the right."""
    (leading, other), step = _axes(sweep)
    figure = style.figure(x=other, y=leading)
    beaten, found = table[table["pareto"] != 1], front_of(table).sort_values(other)
    for rows, name, colour, size in ((beaten, "beaten", style.GREY, 8), (found, "front", style.BEST, 11)):
        figure.add_scatter(
            x=rows[other].astype(float).tolist(),
            y=rows[leading].astype(float).tolist(),
            customdata=rows[["trial"]].to_numpy().tolist(),
            name=name,
            mode="lines+markers" if name == "front" and len(sweep.goals.objectives) == 2 else "markers",
            marker={"color": colour, "size": size},
            line={"color": colour, "width": 1.5, "shape": step},
            hovertemplate="trial %{customdata[0]}<br>%{y:.4g}, %{x:.4g}<extra></extra>",
        )
    if wide(table[other].astype(float)):
        figure.update_xaxes(type="log")
    return figure


def _axes(sweep: SweepRecord) -> tuple[tuple[str, str], str]:
    """The first two objectives, and which way the front's line goes between trials, so that all below it is beaten."""
    leading, other = sweep.goals.objectives[:2]
    return (leading.metric, other.metric), "hv" if other.mode == "min" else "vh"


def wide(values: pd.Series) -> bool:
    """Whether positive values lie so far apart that only a logarithm shows them all."""
    return bool(values.min() > 0 and values.max() > WIDE * values.min())
