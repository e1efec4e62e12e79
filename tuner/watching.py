"""Observers that show a sweep while it is driven: a live table on a terminal, plain lines elsewhere, or JSON."""

from __future__ import annotations

import json as json_format
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tracking.records import Report, State, SweepRecord, TrialRecord
from tuner.observer import Observer

if TYPE_CHECKING:
    from tuner.sweep import Sweep
    from tuner.warm_start import WarmStart

STYLES = {
    State.RUNNING: "cyan",
    State.PAUSED: "yellow",
    State.COMPLETE: "green",
    State.PRUNED: "dim",
    State.FAIL: "red",
}


class Watcher(Observer):
    """Keeps what a display needs: the trials so far, the best of them, and the clock."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.goals = sweep.spec.goals
        self.objective = self.goals.leading
        self.trials: dict[int, TrialRecord] = {}
        self.latest: dict[int, tuple[int, float]] = {}
        """Of each trial, its last epoch and the value there."""
        self.tops: dict[int, tuple[int, float]] = {}
        """Of each trial that did not fail, the epoch of its best value, and that value."""
        self.best: int | None = None
        """The trial with the best of all, of equals the lowest number."""
        self.earlier = 0
        self.since = time.monotonic()
        self.first_start: float | None = None

    def warmed(self, start: WarmStart) -> None:
        """Print what each earlier sweep gave."""
        for taken in start.sweeps:
            typer.echo(str(taken))

    def resumed(self, record: SweepRecord) -> None:
        """Remember what earlier turns came to."""
        self.trials = {trial.number: trial for trial in record.trials}
        self.latest = {
            trial.number: (trial.epochs, trial.curve[trial.epochs]) for trial in record.trials if trial.curve
        }
        self.tops = {it.number: top for it in record.trials if record.scores(it) and (top := it.best(self.objective))}
        self.best = best.number if (best := record.best()) else None
        self.earlier = self._seen()

    def started(self, trial: TrialRecord) -> None:
        """Remember the trial."""
        self.first_start = self.first_start or time.monotonic()
        self.trials[trial.number] = trial

    def reported(self, number: int, report: Report) -> None:
        """Remember its latest epoch, and whether it is the best."""
        value = report.metrics[self.objective.metric]
        self.latest[number] = report.step, value
        before = self.tops[number][1] if number in self.tops else None
        if self.objective.better(value, before) and not self.goals.broken(report.metrics):
            self.tops[number] = report.step, value
            self.best = number if self.best is None else max(number, self.best, key=self._rank)

    def ended(self, trial: TrialRecord) -> None:
        """Remember how it ended; the values of one that failed do not count."""
        self.trials[trial.number] = trial
        if trial.state is State.FAIL:
            self.tops = {number: top for number, top in self.tops.items() if number != trial.number}
            self.best = max(self.tops, key=self._rank, default=None)

    def noted(self, text: str) -> None:
        """Print it."""
        typer.echo(text)

    @property
    def seconds(self) -> float:
        """Since the display began."""
        return time.monotonic() - self.since

    def counts(self) -> str:
        """How many trials are in which state."""
        found = Counter(trial.state for trial in self.trials.values())
        return ", ".join(f"{found[state]} {state.lower()}" for state in State if found[state])

    def time_left(self) -> str:
        """An estimate: the trials that have not had a turn yet, at the pace so far."""
        seen = self._seen()
        if seen <= self.earlier or self.first_start is None:
            return "?"
        pace = (time.monotonic() - self.first_start) / (seen - self.earlier)
        return clock(pace * max(1, self.sweep.spec.trials - seen))

    def value(self, number: int) -> str:
        """A trial's latest value of the objective."""
        return f"{self.latest[number][1]:.4f}" if number in self.latest else ""

    def best_line(self) -> str:
        """The best value so far, and whose it is."""
        if self.best is None or not (top := self.tops.get(self.best)):
            return "no result yet"
        epoch, value = top
        return f"best {self.objective.metric} {value:.4f} (trial {self.best}, epoch {epoch})"

    def _seen(self) -> int:
        return sum(trial.state is not State.RUNNING for trial in list(self.trials.values()))

    def _rank(self, number: int) -> tuple[float, int]:
        return self.objective.score(self.tops[number][1]), -number


class LiveTable(Watcher):
    """One table that stays in place on a terminal."""

    def __init__(self, sweep: Sweep, console: Console) -> None:
        super().__init__(sweep)
        self._console = console
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def warmed(self, start: WarmStart) -> None:
        """Print what each earlier sweep gave above the table."""
        for taken in start.sweeps:
            self._console.print(str(taken), markup=False, highlight=False)

    def noted(self, text: str) -> None:
        """Print it above the table."""
        self._console.print(text, markup=False, highlight=False)

    def _draw(self) -> Group:
        so_far = list(self.trials.values())  # in one step: the table is drawn in a thread of its own
        rows = [self._row(trial) for trial in newest(so_far, self._console.height - 5)]
        table = table_of(rows, self.objective.metric, self.sweep.spec.budget.epochs)
        head = f"{self.sweep.name}  {clock(self.seconds)}  {self.counts() or 'starting workers'}"
        return Group(table, Text(f"{head}  left: {self.time_left()}"), Text(self.best_line(), style="bold"))

    def _row(self, trial: TrialRecord) -> Row:
        star = " *" if self.best == trial.number else ""
        return Row(trial, self.latest.get(trial.number, (0,))[0], self.value(trial.number) + star)


class Row(NamedTuple):
    """A trial in a live table: its last epoch, and its latest value as text."""

    trial: TrialRecord
    epoch: int
    value: str


def newest(trials: Iterable[TrialRecord], room: int) -> list[TrialRecord]:
    """As many as there is room for: the running ones, and the latest of the others, in the order of their numbers."""
    ordered = sorted(trials, key=lambda trial: (trial.state is State.RUNNING, trial.number))
    return sorted(ordered[-max(4, room) :], key=lambda trial: trial.number)


def table_of(rows: Iterable[Row], metric: str, epochs: int) -> Table:
    """Trials as a table, one a row, in the colours of their states."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("trial", "architecture", "optimizer", "epoch", metric, "state"):
        table.add_column(heading, justify="right" if heading in ("trial", "epoch", metric) else "left")
    for trial, epoch, value in rows:
        names = [trial.choice("architecture"), trial.choice("optimizer")]
        what = trial.cause or trial.state.lower()
        table.add_row(str(trial.number), *names, f"{epoch}/{epochs}", value, what, style=STYLES[trial.state])
    return table


class Lines(Watcher):
    """A line for each trial that ends."""

    def ended(self, trial: TrialRecord) -> None:
        """Print how it ended; that a waiting trial is given up in the end is no news."""
        before = self.trials.get(trial.number)
        super().ended(trial)
        if before and before.state is State.PAUSED and trial.state is State.PRUNED:
            return
        what = f"{trial.state.lower()}: {trial.cause}" if trial.cause else trial.state.lower()
        typer.echo(
            f"[{clock(self.seconds)}] trial {trial.number:>3}  {trial.choice('architecture')} "
            f"{trial.choice('optimizer')}  epoch {trial.epochs}  {self.objective.metric} {self.value(trial.number)}  "
            f"{what}  | {self.best_line()}"
        )


class JsonLines(Watcher):
    """One JSON object a line for each event."""

    def warmed(self, start: WarmStart) -> None:
        """Say what each earlier sweep gave."""
        for taken in start.sweeps:
            say_json({"event": "warm start", **asdict(taken)})

    def noted(self, text: str) -> None:
        """Say it."""
        say_json({"event": "note", "text": text})

    def started(self, trial: TrialRecord) -> None:
        """Say that a trial starts, and with what."""
        super().started(trial)
        copied = trial.takeovers[-1].donor if trial.takeovers and trial.takeovers[-1].epoch == trial.epochs else None
        from_whom = {} if copied is None else {"copy_of": copied}
        choices = trial.at(trial.epochs + 1).choices
        say_json({"event": "started", "trial": trial.number, "choices": choices, **from_whom})

    def reported(self, number: int, report: Report) -> None:
        """Say what a trial reported."""
        super().reported(number, report)
        say_json({"event": "reported", "trial": number, "epoch": report.step, "metrics": dict(report.metrics)})

    def ended(self, trial: TrialRecord) -> None:
        """Say how a trial ended."""
        super().ended(trial)
        say_json({"event": "ended", "trial": trial.number, "state": trial.state, "cause": trial.cause})


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def say_json(event: Mapping[str, Any]) -> None:
    """Print an event as one line of JSON; what is no number is null."""
    typer.echo(json_format.dumps(_finite(event), allow_nan=False))


def _finite(value: Any) -> Any:
    """JSON knows no NaN and no infinity: null in their place."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
