"""The picture: regret against full trainings above, mean ranks with the critical difference below."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quality import diagram, judge, svg, tables
from quality.judge import Rows
from quality.results import MARKS

END = 40
LEFT, RIGHT, TOP, BOTTOM = 60, 710, 60, 350
WIDTH = 920
ACROSS, DOWN = (2, 5, 10, 20, 40), (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2)
FLOOR = 1e-3
"""Regrets below are drawn here: the axis is logarithmic."""
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07d00", "#3a8fc2", "#7a5195", "#8c564b"),
    *("#44546a", "#6b8000", "#b0413e", "#2a9d8f"),
)


def draw(rows: Rows, workers: int = 1) -> str:
    """Curves of all methods that have run every task, as far as they went, and ranks of those that ran to the end."""
    rows = tables.on(rows, workers, lambda task: not tables.is_own(task))
    known = {name: found for name, found in rows.items() if tables.complete(rows, name, workers, ACROSS[0])}
    whole = {name: found for name, found in known.items() if tables.complete(rows, name, workers, END)}
    tasks = judge.common_tasks(known, workers)
    means = {name: judge.curve(found, workers, tasks) for name, found in sorted(known.items())}
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(means)}
    title = f"Mean normalised regret on {len(tasks)} recorded tasks, {workers} at a time: lower is better"
    parts = [svg.text((LEFT, 28), title, bold=True), *curves(means, colours)]
    if len(whole) < 3:
        return svg.document(WIDTH, BOTTOM + 50, parts, title)
    ranks = diagram.Diagram(judge.ranking(whole, workers, END, tasks), colours, BOTTOM + 85)
    subtitle = f"Mean rank at {END}, best on the left: bars join what Nemenyi's test does not tell apart (5 %)"
    parts += [svg.text((LEFT, BOTTOM + 70), subtitle, bold=True), *ranks.parts()]
    return svg.document(WIDTH, ranks.bottom, parts, title)


@dataclass(frozen=True)
class Frame:
    """Where values lie on the page; both axes are logarithmic.

    Attributes:
        low: The smallest regret that is shown.
        high: The largest.
    """

    low: float
    high: float

    def at(self, mark: float, value: float) -> tuple[float, float]:
        """The point of a regret after so many full trainings."""
        across = math.log(mark / ACROSS[0]) / math.log(END / ACROSS[0])
        down = math.log(self.high / max(value, self.low)) / math.log(self.high / self.low)
        return LEFT + across * (RIGHT - LEFT), TOP + down * (BOTTOM - TOP)

    def axes(self) -> list[str]:
        """Ticks, their values, and a faint line for each regret."""
        parts = [svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM))]
        for mark in ACROSS:
            x, _ = self.at(mark, self.high)
            parts += [svg.line((x, BOTTOM), (x, BOTTOM + 4)), svg.text((x, BOTTOM + 18), f"{mark:g}", anchor="middle")]
        for value in (value for value in DOWN if self.low <= value <= self.high):
            y = self.at(END, value)[1]
            parts += [svg.line((LEFT, y), (RIGHT, y), "#eaecf0")]
            parts += [svg.text((LEFT - 8, y + 4), f"{value:g}", anchor="end")]
        parts.append(svg.text((RIGHT, BOTTOM + 36), "full trainings", colour=svg.GREY, anchor="end"))
        return parts


def curves(means: Mapping[str, np.ndarray], colours: Mapping[str, str]) -> list[str]:
    """A line a method, ours thicker, with its name and last value; one that was cut short says where."""
    lines = {name: _shown(curve) for name, curve in means.items()}
    values = [value for line in lines.values() for _, value in line]
    frame = Frame(0.9 * min(values), 1.1 * max(values))
    heights = svg.apart([frame.at(*line[-1])[1] for line in lines.values()], 15, BOTTOM - 5)
    parts = frame.axes()
    for (name, line), height in zip(lines.items(), heights, strict=True):
        ours, (last, value) = "+" in name, line[-1]
        words = f"{name}  {value:.3f}" + ("" if last == END else f" at {last:g}")
        parts.append(svg.path([frame.at(*point) for point in line], colours[name], 3 if ours else 1.5))
        parts.append(svg.text((RIGHT + 8, height + 4), words, colour=colours[name], bold=ours))
    return parts


def _shown(curve: np.ndarray) -> list[tuple[float, float]]:
    """(mark, regret) in the frame, as far as the curve goes."""
    known = [(mark, max(FLOOR, value)) for mark, value in zip(MARKS, curve, strict=True) if not math.isnan(value)]
    return [(mark, value) for mark, value in known if ACROSS[0] <= mark <= END]
