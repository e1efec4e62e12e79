"""Following a sweep from another process: what its ledger and its driver's heartbeat tell, until nobody drives it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tracking.lease import holder
from tracking.onlooker import Onlooker
from tracking.records import SweepRecord, TrialRecord
from tuner import display
from tuner.watching import Row, newest, say_json, table_of

EVERY_SECONDS = 1.0


def follow(folder: Path, *, json: bool = False) -> None:
    """Show a sweep until nobody drives it any more: a live table on a terminal, else a line whenever something changes.

    Args:
        folder: The sweep's.
        json: One JSON object a line instead.
    """
    console = Console()
    if json:
        _as_json(folder)
    elif console.is_terminal:
        _as_table(folder, console)
    else:
        _as_lines(folder)


def _looks(folder: Path) -> Iterator[SweepRecord]:
    """The sweep every second; for the last time when nobody drives it."""
    onlooker = Onlooker(folder)
    while True:
        driven = holder(folder) is not None  # asked first: what was told before the driver left is shown
        yield onlooker.record()
        if not driven:
            return
        time.sleep(EVERY_SECONDS)


def _as_json(folder: Path) -> None:
    before = None
    for record in _looks(folder):
        facts = display.summary(record)
        if (told := {**facts, "heard_seconds_ago": None}) != before:
            say_json(facts)
        before = told


def _as_lines(folder: Path) -> None:
    before = ""
    for record in _looks(folder):
        text = display.status(record)
        if (told := text.replace(display.who_drives(record), "")) != before or holder(folder) is None:
            typer.echo(text)
        before = told


def _as_table(folder: Path, console: Console) -> None:
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for record in _looks(folder):
            live.update(_drawn(record, console.height), refresh=True)
    typer.echo(display.status(record))


def _drawn(record: SweepRecord, height: int) -> Group:
    best = record.best()
    rows = [_row(trial, best) for trial in newest(record.trials, height - 6)]
    table = table_of(rows, record.objective.metric, record.spec["budget"]["epochs"])
    return Group(table, Text(display.status(record)))


def _row(trial: TrialRecord, best: TrialRecord | None) -> Row:
    value = f"{trial.curve[trial.epochs]:.4f}" if trial.curve else ""
    return Row(trial, trial.epochs, value + (" *" if best and best.number == trial.number else ""))
