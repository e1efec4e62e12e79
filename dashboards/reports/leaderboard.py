"""The best trials of the sweep, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import style
from dashboards.card import Card, NotYet
from tracking.leaderboard import leaderboard
from tracking.records import State, SweepRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

ORDER = 10
QUESTION = "Which trials are best?"
DRAWN = 12


def report(sweep: SweepRecord) -> Card | NotYet:
    """The leaderboard: its head as a picture, all of it as the table."""
    table = leaderboard(sweep)
    drawn = best(table)
    if drawn.empty:
        return NotYet(QUESTION, f"no trial that still counts has reported a finite {sweep.objective.metric}")
    figure = draw(drawn, sweep.objective.metric)
    return Card(QUESTION, figure, readable(table), caption(table, sweep.objective.metric))


def best(table: pd.DataFrame) -> pd.DataFrame:
    """The ranked trials that are drawn, the best first."""
    return table[table["rank"].notna()].head(DRAWN)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The leaderboard without columns that say nothing to a reader elsewhere: empty ones, and paths."""
    return table.drop(columns="checkpoint").dropna(axis="columns", how="all")


def caption(table: pd.DataFrame, metric: str) -> str:
    """Who leads and by how much, and who is left out."""
    ranked = table[table["rank"].notna()]
    leader = ranked.iloc[0]
    said = f"Trial {leader['trial']} leads with {metric} {style.shown(leader['value'])} at epoch {leader['step']}"
    if len(ranked) > 1:
        ahead = abs(float(leader["value"]) - float(ranked.iloc[1]["value"]))
        said += f", {style.shown(ahead)} ahead of the next" if ahead else ", level with the next"
    failed = int((table["state"] == State.FAIL).sum())
    return said + (f". Failed and not ranked: {style.counted(failed, 'trial')}." if failed else ".")


def draw(drawn: pd.DataFrame, metric: str) -> go.Figure:
    """A dot a trial on a line of its own, the best on top."""
    figure = style.figure(x=metric, height=90 + 30 * len(drawn))
    labels = [_label(row) for _, row in drawn.iterrows()]
    for state in [state for state in State if state in set(drawn["state"])]:
        rows = [place for place, value in enumerate(drawn["state"]) if value == state]
        values = [float(drawn["value"].iloc[place]) for place in rows]
        figure.add_scatter(
            x=values,
            y=[labels[place] for place in rows],
            name=style.named(state),
            mode="markers+text",
            marker=_marker(state),
            text=[f"  {style.shown(value)}" for value in values],
            textposition="middle right",
            hovertemplate="%{y}<br>%{x}<extra></extra>",
            cliponaxis=False,
        )
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], ticksuffix="  ")
    figure.update_layout(showlegend=True, margin_r=64)
    return figure


def _marker(state: State) -> dict[str, Any]:
    colour = style.STATE[state]
    return {"color": colour, "symbol": style.SYMBOL[state], "size": 12, "line": {"width": 2, "color": colour}}


def _label(row: pd.Series) -> str:
    names = [row[slot] for slot in ("architecture", "optimizer") if not pd.isna(row[slot])]
    label = style.plain("  ".join([f"trial {row['trial']}", " · ".join(names)]).rstrip())
    return f"<b>{label}</b>" if row["rank"] == 1 else label
