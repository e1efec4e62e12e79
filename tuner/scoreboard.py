"""What the command line shows of searches that are compared: how far they are, and then who is ahead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tuner import standings
from tuner.comparison import Contest, Outcome

BARS = "▁▂▃▄▅▆▇█"
WIDE = 20
"""Bars of a curve."""


@contextmanager
def progress(total: int) -> Iterator[Callable[[Outcome], Outcome]]:
    """Hands out what to call with each outcome: it counts it on a terminal, and gives it back."""
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TextColumn("sweeps"), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("sweeps", total=total)

        def done(outcome: Outcome) -> Outcome:
            bar.advance(task)
            return outcome

        yield done


def show(contest: Contest, outcomes: Sequence[Outcome]) -> None:
    """A row a method: its mean regret at each mark with the 95 % interval, its curve, its suggestions' time."""
    typer.echo(f"{contest}: mean normalised regret ± half of its 95 % interval")
    typer.echo("(0: the best known value, 1: a median random configuration)\n")
    found, curves = standings.table(outcomes), standings.curves(outcomes)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("searcher")
    table.add_column("scheduler")
    for mark in contest.marks:
        table.add_column(f"after {mark:g}", justify="right", no_wrap=True)
    table.add_column(f"0 to {contest.trainings:g}", no_wrap=True)
    table.add_column("trials", justify="right")
    table.add_column("suggestion", justify="right", no_wrap=True)
    highest = float(curves["regret"].max())
    for _, row in found.iterrows():
        own = curves.loc[curves["method"] == f"{row['searcher']} + {row['scheduler']}", "regret"]
        regrets = [_interval(row[f"regret at {mark:g}"], row[f"± at {mark:g}"]) for mark in contest.marks]
        ends = (_bars(own, highest), f"{row['trials']:.0f}", f"{row['suggestion_ms']:.3g} ms")
        table.add_row(row["searcher"], row["scheduler"], *regrets, *ends)
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)


def _interval(mean: float, half: float) -> str:
    return f"{mean:.3f}" if pd.isna(half) else f"{mean:.3f} ± {half:.3f}"


def _bars(regrets: pd.Series, highest: float) -> str:
    """A curve as a line of bars, 0 the lowest."""
    picked = [float(regrets.iloc[place * (len(regrets) - 1) // (WIDE - 1)]) for place in range(WIDE)]
    return "".join(BARS[min(len(BARS) - 1, int(len(BARS) * it / highest)) if highest else 0] for it in picked)
