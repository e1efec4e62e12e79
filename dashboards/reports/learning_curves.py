"""The objective at every epoch of every trial."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import style
from dashboards.card import Card, NotYet
from tracking.goals import Mode
from tracking.leaderboard import entries
from tracking.records import State, SweepRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

ORDER = 30
QUESTION = "How did the trials learn?"
DRAWN = 200
FAINT = {State.COMPLETE: 0.6, State.PRUNED: 0.35}


def report(sweep: SweepRecord) -> Card | NotYet:
    """A line a trial, the best highlighted; of a very large sweep the trials that rank highest."""
    points = curves(sweep)
    if points.empty:
        return NotYet(QUESTION, f"no trial has reported a finite {sweep.objective.metric}")
    figure = draw(points, sweep.objective.metric)
    figure.update_yaxes(range=window(points["value"], sweep.objective.mode))
    return Card(QUESTION, figure, by_epoch(points), caption(points, sum(bool(trial.curve) for trial in sweep.trials)))


def curves(sweep: SweepRecord) -> pd.DataFrame:
    """Every finite report of the first trials of the leaderboard: trial, state, step, value; `best` on the leader."""
    trials = {trial.number: trial for trial in sweep.trials}
    rows = [
        (entry.trial, entry.state, step, value, entry.rank == 1)
        for entry in [entry for entry in entries(sweep) if entry.step][:DRAWN]
        for step, value in sorted(trials[entry.trial].curve.items())
        if math.isfinite(value)
    ]
    points = pd.DataFrame(rows, columns=["trial", "state", "step", "value", "best"])
    leader = points.loc[points["best"], "trial"].head(1)
    return points.assign(best=points["trial"].isin(leader))


def by_epoch(points: pd.DataFrame) -> pd.DataFrame:
    """The same, a row a trial and a column an epoch."""
    wide = points.pivot(index="trial", columns="step", values="value").reindex(points["trial"].unique())
    return wide.rename(columns=lambda step: f"epoch {step}").rename_axis(columns=None).reset_index()


def window(values: pd.Series, mode: Mode) -> list[float]:
    """The range of the value axis: everything, unless a few values are so bad that they would flatten the rest."""
    low, high = values.min(), values.max()
    if mode == "max":
        most = values.quantile(0.05)
        low = max(low, most - 1.5 * (high - most))
    else:
        most = values.quantile(0.95)
        high = min(high, most + 1.5 * (most - low))
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return [float(low - room), float(high + room)]


def caption(points: pd.DataFrame, reported: int) -> str:
    """What is drawn, and how the trials ended."""
    drawn = points.drop_duplicates("trial")
    said = style.counted(len(drawn), "trial")
    if reported > len(drawn):
        said = f"The first {said} of the leaderboard, of {reported:,} that reported"
    longest, pruned = points["step"].max(), int((drawn["state"] == State.PRUNED).sum())
    said += f"; the longest trained {style.counted(int(longest), 'epoch')}"
    return said + (f"; {pruned:,} stopped early by the scheduler (faint)." if pruned else ".")


def draw(points: pd.DataFrame, metric: str) -> go.Figure:
    """One trace a state, its trials' lines parted by gaps; the best on top of all."""
    figure = style.figure(x="epoch", y=metric, height=400)
    others = points[~points["best"]]
    for state in reversed(State):
        if not (lines := others[others["state"] == state]).empty:
            faint = FAINT.get(state, 0.8)
            figure.add_scatter(**_lines(lines, style.STATE[state], 1.4, 3), name=style.named(state), opacity=faint)
    if not (best := points[points["best"]]).empty:
        name = f"best: trial {best['trial'].iloc[0]}"
        figure.add_scatter(**_lines(best, style.BEST, 3.2, 6), name=name)
    figure.update_layout(showlegend=True)
    return figure


def _lines(points: pd.DataFrame, colour: str, width: float, dot: float) -> dict[str, Any]:
    x: list[Any] = []
    y: list[Any] = []
    numbers: list[Any] = []
    for number, line in points.groupby("trial", sort=False):
        x += [*line["step"], None]
        y += [*line["value"], None]
        numbers += [number] * len(line) + [None]
    look = {"mode": "lines+markers", "line": {"color": colour, "width": width}, "marker": {"size": dot}}
    hover = "trial %{customdata}, epoch %{x}: %{y:.4g}<extra></extra>"
    return {"x": x, "y": y, "customdata": numbers, "connectgaps": False, "hovertemplate": hover, **look}
