"""How the reports look: one palette, one plotly template, one way to write a value, and the page around them."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards.card import MissingExtra
from tracking.records import State

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Told apart with any colour vision, and readable on white and on near-black.
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#3d85d8", "#e8890c", "#16a07c", "#dc5a28", "#b265b8", "#8b95a5"
BEST = ORANGE
STATE = {
    State.COMPLETE: BLUE,
    State.RUNNING: GREEN,
    State.PAUSED: PURPLE,
    State.PRUNED: GREY,
    State.FAIL: RED,
}
SYMBOL = {
    State.COMPLETE: "circle",
    State.RUNNING: "diamond",
    State.PAUSED: "square",
    State.PRUNED: "circle-open",
    State.FAIL: "x",
}
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def figure(x: str = "", y: str = "", height: int = 360) -> go.Figure:
    """An empty figure in the house style, its axes titled with plain text."""
    figure = graph_objects().Figure()
    figure.update_layout(template=_template(), height=height)
    figure.update_xaxes(title_text=plain(x))
    figure.update_yaxes(title_text=plain(y))
    return figure


def graph_objects() -> Any:
    """plotly's figures, or how to install them."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtra('drawing a report needs plotly: pip install "sweepforge[viz]"') from error
    return go


def plain(text: object) -> str:
    """A user's text for a figure, where plotly would otherwise read tags and links in it."""
    return html.escape(str(text))


def shown(value: object) -> str:
    """A value as a person reads it: four digits of a number, nothing for a missing one."""
    if value is None or value is pd.NA:
        return ""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


def named(state: State) -> str:
    """A state in a reader's words: "running", "failed"."""
    return "failed" if state is State.FAIL else state.lower()


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 trial", "3 trials"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _template() -> dict[str, Any]:
    axis = {
        "gridcolor": "rgba(139,149,165,0.22)",
        "linecolor": "rgba(139,149,165,0.45)",
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 12, "font": {"size": 13}},
        "tickfont": {"size": 12},
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": GREY},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 16, "t": 16, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
            "hoverlabel": {"font": {"family": FONT, "size": 12}},
        }
    }


CSS = """
:root { --ink: #1d2430; --soft: #5c6675; --line: #e3e7ed; --card: #ffffff; --ground: #f5f6f8; --alert: #b3411a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #9aa5b5; --line: #2c3440; --card: #181d25; --ground: #0f1319; --alert: #f08a5d; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 0.25rem; font-size: 1.15rem; letter-spacing: -0.01em; }
header > p { margin: 0.25rem 0 0; color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.75rem; margin: 1.5rem 0 1rem; }
dl > div, section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
dl > div { padding: 0.9rem 1.1rem; }
dt, .note { color: var(--soft); font-size: 0.85rem; overflow-wrap: anywhere; }
dd { margin: 0; font-size: 1.5rem; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
dd.note { font-weight: 400; letter-spacing: 0; }
.states span { display: inline-flex; align-items: center; gap: 0.4rem; margin-right: 1.2rem; }
.states i { width: 0.65rem; height: 0.65rem; border-radius: 50%; }
section { margin-top: 1rem; padding: 1.25rem 1.4rem; }
.caption, .not-yet { margin: 0 0 0.5rem; color: var(--soft); overflow-wrap: anywhere; }
.error { margin: 0; color: var(--alert); overflow-wrap: anywhere; }
details { margin-top: 0.5rem; }
summary { cursor: pointer; color: var(--soft); font-size: 0.9rem; }
.table { max-height: 26rem; margin-top: 0.6rem; overflow: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.8rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { position: sticky; top: 0; background: var(--card); color: var(--soft); font-weight: 500; }
th.number, td.number { text-align: right; }
th.text, td.text { text-align: left; }
td.text { max-width: 30rem; overflow: hidden; text-overflow: ellipsis; }
@media print { details { display: none; } section { break-inside: avoid; } }
"""

DRAW = """
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
function dress(layout) {
  const base = layout.template.layout;
  base.font.color = colour("--soft");
  for (const axis of [base.xaxis, base.yaxis]) axis.gridcolor = axis.linecolor = colour("--line");
  return layout;
}
function draw() {
  for (const box of document.querySelectorAll(".figure")) {
    const {data, layout} = JSON.parse(box.querySelector("script").textContent);
    Plotly.react(box.firstElementChild, data, dress(layout), {responsive: true, displayModeBar: false});
  }
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
"""
