"""A page on searches compared on recorded tasks: how fast each comes near the best known value."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dashboards import page, style
from dashboards.card import Card

if TYPE_CHECKING:
    import plotly.graph_objects as go

QUESTION = "Which search comes near the best, and how fast?"
COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.RED, style.PURPLE, style.GREY)
DASHES = ("solid", "dash", "dot")
"""With more methods than colours, colours come again with another dash."""


def write(curves: pd.DataFrame, table: pd.DataFrame, about: str, path: Path) -> Path:
    """Write the page to a file and hand its path back; the folder must exist.

    Args:
        curves: Columns method, trainings, regret, half: the mean normalised regret of each method along the way, and
            half of its 95 % interval (NaN where there is none).
        table: What stands below the picture, a row a method.
        about: What was compared on what, in a line.
        path: The file.
    """
    header = f"<header>\n<h1>Searches compared</h1>\n<p>{escape(about)}</p>\n</header>"
    card = Card(QUESTION, draw(curves), table, caption(curves))
    path.write_text(page.whole("Searches compared", header, [page.section(card)]), encoding="utf-8")
    return path


def caption(curves: pd.DataFrame) -> str:
    """Who is nearest at the end."""
    last = curves[curves["trainings"] == curves["trainings"].max()]
    best = last.loc[last["regret"].idxmin()]
    return (
        f"After {style.counted(round(best['trainings']), 'whole training')} {best['method']} is the nearest, with a "
        f"mean normalised regret of {style.shown(float(best['regret']))}: 0 is the best known value, 1 that of a "
        "median random configuration. Shades are 95 % intervals over tasks and seeds."
    )


def draw(curves: pd.DataFrame) -> go.Figure:
    """A line a method with its interval."""
    figure = style.figure(x="whole trainings spent", y="mean normalised regret", height=460)
    for place, (method, own) in enumerate(curves.groupby("method", sort=False)):
        colour, dash = COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]
        at, regret, half = own["trainings"], own["regret"], own["half"].fillna(0.0)
        around = pd.concat([regret + half, (regret - half)[::-1]])
        shade = {"fill": "toself", "fillcolor": colour, "opacity": 0.15, "line": {"width": 0}, "showlegend": False}
        figure.add_scatter(x=[*at, *at[::-1]], y=around.tolist(), mode="lines", hoverinfo="skip", **shade)
        line = {"color": colour, "dash": dash}
        figure.add_scatter(x=at.tolist(), y=regret.tolist(), mode="lines", name=style.plain(method), line=line)
    # what is worse than a median configuration would press all that matters to the bottom
    figure.update_yaxes(range=[0, 1.1 * min(1.0, float(curves["regret"].max())) or 1.0])
    return figure
