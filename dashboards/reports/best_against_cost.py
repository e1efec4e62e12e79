"""The best value so far against what it had cost: the epochs trained by all trials together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dashboards import style
from dashboards.card import Card, NotYet
from tracking import spool
from tracking.records import State, SweepRecord, TrialRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

ORDER = 20
QUESTION = "How fast did the search find it?"


def report(sweep: SweepRecord) -> Card | NotYet:
    """Every improvement of the best value, at the epochs that the sweep had trained by then."""
    if lost := [trial.number for trial in sweep.trials if trial.curve and not _spooled(trial)]:
        reason = f"the order of the reports is not known: {spool.FILE} is missing for trials {_list(lost)}"
        return NotYet(QUESTION, reason)
    history = costs(sweep)
    found = improvements(history, sweep.objective.mode == "max")
    if found.empty:
        return NotYet(QUESTION, f"no trial that still counts has reported a finite {sweep.objective.metric}")
    spent = int(history["epochs"].iloc[-1])
    return Card(QUESTION, draw(found, spent, sweep.objective.metric), found, caption(found, spent))


def costs(sweep: SweepRecord) -> pd.DataFrame:
    """Every report in the order in which they came: epochs trained by all trials until then, trial, step, value.

    The epochs of a failed trial cost as much as any; its values count for nothing, as on the leaderboard, nor do those
    of a report that breaks a constraint.
    """
    history = pd.DataFrame(_reports(sweep), columns=["order", "trial", "step", "epochs", "value"])
    history = history.sort_values("order", ignore_index=True)
    history["epochs"] = history["epochs"].cumsum()
    return history.drop(columns="order")


def improvements(history: pd.DataFrame, more_is_better: bool) -> pd.DataFrame:
    """The reports that beat all before them."""
    values = history["value"].where(history["value"].abs() < float("inf"))
    so_far = values.cummax() if more_is_better else values.cummin()
    before = so_far.ffill().shift()
    return history[values.notna() & (before.isna() | (values != before) & (values == so_far))].reset_index(drop=True)


def caption(found: pd.DataFrame, spent: int) -> str:
    """When the best value was found."""
    last = found.iloc[-1]
    share = f"{last['epochs'] / spent:.0%}"
    return (
        f"The best value came after {last['epochs']:,.0f} of the {style.counted(spent, 'epoch')} trained so far "
        f"({share}), from trial {last['trial']:.0f}; the best improved {style.counted(len(found) - 1, 'time')}."
    )


def window(values: pd.Series) -> list[float]:
    """The range of the value axis: the later half of the improvements is seen well, the first rise only in part."""
    best, first = float(values.iloc[-1]), float(values.iloc[0])
    shown = 4 * (best - float(values.median()))
    start = best - shown if 0 < abs(shown) < abs(best - first) else first
    if start == best:
        room = 0.05 * abs(best) or 1.0
        return [best - room, best + room]
    return sorted([start, best + 0.12 * (best - start)])


def draw(found: pd.DataFrame, spent: int, metric: str) -> go.Figure:
    """A staircase with a dot at every improvement, held until the last epoch trained."""
    figure = style.figure(x="epochs trained by the whole sweep", y=f"best {metric} so far")
    epochs, values, earlier = found["epochs"].tolist(), found["value"].tolist(), len(found) - 1
    line = {"shape": "hv", "color": style.BLUE, "width": 2.5}
    figure.add_scatter(x=[*epochs, spent], y=[*values, values[-1]], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=epochs,
        y=values,
        customdata=found[["trial", "step"]].to_numpy().tolist(),
        mode="markers+text",
        marker={
            "color": [*[style.BLUE] * earlier, style.BEST],
            "size": [*[7] * earlier, 13],
            "opacity": 1,
            "line": {"width": 0},
        },
        text=[*[""] * earlier, style.shown(values[-1])],
        textposition="top center",
        hovertemplate="%{y:.4g} after %{x} epochs<br>trial %{customdata[0]}, its epoch %{customdata[1]}<extra></extra>",
    )
    figure.update_xaxes(range=[0, spent * 1.02])
    figure.update_yaxes(range=window(found["value"]))
    figure.update_layout(showlegend=False)
    return figure


def _reports(sweep: SweepRecord) -> list[tuple[int, int, int, int, float]]:
    """(order, trial, step, epochs since the trial's report before, value) of every report that the ledger kept."""
    rows = []
    for trial in sweep.trials:
        before = 0
        for order, kept in spool.read_ordered(trial.folder) if trial.folder else []:
            if kept.step in trial.curve:
                counts = trial.state is not State.FAIL and not sweep.goals.broken(kept.metrics)
                value = trial.curve[kept.step] if counts else float("nan")
                rows.append((order, trial.number, kept.step, kept.step - before, value))
                before = kept.step
    return rows


def _spooled(trial: TrialRecord) -> bool:
    return trial.folder is not None and (trial.folder / spool.FILE).exists()


def _list(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
