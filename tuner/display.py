"""What the command line shows of a sweep: a live table on a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import json as json_format
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tracking.goals import Goals
from tracking.leaderboard import front
from tracking.lease import holder
from tracking.records import Report, State, SweepRecord, TrialRecord
from tuner.clock import KEY as DRIVEN
from tuner.conductor import Observer
from tuner.errors import EveryTrialFailedError
from tuner.spec import SweepSpec
from tuner.sweep import Sweep
from tuner.warm_start import WarmStart

STYLES = {
    State.RUNNING: "cyan",
    State.PAUSED: "yellow",
    State.COMPLETE: "green",
    State.PRUNED: "dim",
    State.FAIL: "red",
}


def drive(sweep: Sweep, how: Callable[..., Sweep], *, json: bool, **settings: Any) -> None:
    """Run a sweep in a way (`sweep.run`, `sweep.resume`) and show it; exits with 130 if it was interrupted."""
    console = Console()
    if json:
        try:
            how(observer=JsonLines(sweep), **settings)
        except EveryTrialFailedError:
            _say_json({"event": "end", **summary(sweep.record())})
            raise
        _say_json({"event": "end", **summary(sweep.record())})
    else:
        typer.echo(plan(sweep.spec, brief=True))
        if console.is_terminal:
            with LiveTable(sweep, console) as table:
                how(observer=table, **settings)
        else:
            how(observer=Lines(sweep), **settings)
        print_end(sweep)
    if sweep.interrupted:
        typer.echo(f"interrupted: go on with `tuner resume {sweep.name}`", err=True)
        raise typer.Exit(130)


def plan(spec: SweepSpec, *, brief: bool = False) -> str:
    """What a sweep will do: its spec (unless brief), its space and its scheduler's plan."""
    import yaml

    parameters = spec.space.parameters()
    size = "infinitely many points" if math.isinf(spec.space.size) else f"{spec.space.size:,.0f} points"
    lines = [] if brief else [yaml.safe_dump(spec.describe(), sort_keys=False).rstrip(), ""]
    if not brief:
        lines += [f"  {name}: {dimension}" for name, dimension in parameters.items()]
    lines.append(
        f"{spec.name or 'sweep'}: {spec.trials} trials of at most {spec.budget.epochs} epochs, "
        f"{aims(spec.goals)}, {len(parameters)} parameters, {size}"
    )
    lines += [f"  {line}" for line in (*_first(spec), *spec.scheduler_choice.plan(spec.budget.epochs, spec.trials))]
    return "\n".join(lines)


def aims(goals: Goals) -> str:
    """What a sweep is judged by, in words: `maximise val/accuracy, with latency_ms <= 5`."""
    text = " and ".join(f"{it.mode}imise {it.metric}" for it in goals.objectives)
    return ", with ".join([text, *([", ".join(map(str, goals.constraints))] if goals.constraints else [])])


def _first(spec: SweepSpec) -> list[str]:
    """The points that are tried first, and whether there are fewer points than trials."""
    given = [", ".join(f"{name}={value}" for name, value in point.items()) for point in spec.first_points]
    lines = [f"trial {number}: {point or 'drawn'}" for number, point in enumerate(given)]
    if spec.trials < spec.budget.trials:
        lines.append(f"ends after {spec.trials} of {spec.budget.trials} trials: every point is tried then")
    return lines


class Watcher(Observer):
    """Keeps what a display needs: the trials so far, the best of them, and the clock."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.goals = sweep.spec.goals
        self.objective = self.goals.leading
        self.trials: dict[int, TrialRecord] = {}
        self.latest: dict[int, Report] = {}
        self.best: tuple[float, int, int] | None = None
        self.since = time.monotonic()
        self.first_start: float | None = None

    def warmed(self, start: WarmStart) -> None:
        """Print what each earlier sweep gave."""
        for taken in start.sweeps:
            typer.echo(str(taken))

    def started(self, trial: TrialRecord) -> None:
        """Remember the trial."""
        self.first_start = self.first_start or time.monotonic()
        self.trials[trial.number] = trial

    def reported(self, number: int, report: Report) -> None:
        """Remember its latest epoch, and whether it is the best."""
        self.latest[number] = report
        value = report.metrics[self.objective.metric]
        if self.objective.better(value, self.best and self.best[0]) and not self.goals.broken(report.metrics):
            self.best = value, number, report.step

    def ended(self, trial: TrialRecord) -> None:
        """Remember how it ended."""
        self.trials[trial.number] = trial

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
        trials = list(self.trials.values())
        seen = sum(trial.state is not State.RUNNING for trial in trials)
        if not seen or self.first_start is None:
            return "?"
        pace = (time.monotonic() - self.first_start) / seen
        return clock(pace * max(1, self.sweep.spec.trials - seen))

    def value(self, number: int) -> str:
        """A trial's latest value of the objective."""
        report = self.latest.get(number)
        return f"{report.metrics[self.objective.metric]:.4f}" if report else ""

    def best_line(self) -> str:
        """The best value so far, and whose it is."""
        if self.best is None:
            return "no result yet"
        return f"best {self.objective.metric} {self.best[0]:.4f} (trial {self.best[1]}, epoch {self.best[2]})"


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

    def _draw(self) -> Group:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("trial", "architecture", "optimizer", "epoch", self.objective.metric, "state"):
            table.add_column(
                heading, justify="right" if heading in ("trial", "epoch", self.objective.metric) else "left"
            )
        for trial in self._shown():
            table.add_row(*self._row(trial), style=STYLES[trial.state])
        head = f"{self.sweep.name}  {clock(self.seconds)}  {self.counts() or 'starting workers'}"
        return Group(table, Text(f"{head}  left: {self.time_left()}"), Text(self.best_line(), style="bold"))

    def _shown(self) -> list[TrialRecord]:
        """As many as the terminal holds: the running ones, and the latest of the others."""
        room = max(4, self._console.height - 5)
        so_far = list(self.trials.values())  # in one step: the table is drawn in a thread of its own
        ordered = sorted(so_far, key=lambda trial: (trial.state is State.RUNNING, trial.number))
        return sorted(ordered[-room:], key=lambda trial: trial.number)

    def _row(self, trial: TrialRecord) -> list[str]:
        report = self.latest.get(trial.number)
        epoch = f"{report.step if report else 0}/{self.sweep.spec.budget.epochs}"
        star = " *" if self.best and self.best[1] == trial.number else ""
        names = [trial.choice("architecture"), trial.choice("optimizer")]
        return [str(trial.number), *names, epoch, self.value(trial.number) + star, trial.cause or trial.state.lower()]


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
            _say_json({"event": "warm start", **asdict(taken)})

    def started(self, trial: TrialRecord) -> None:
        """Say that a trial starts, and with what."""
        super().started(trial)
        copied = trial.takeovers[-1].donor if trial.takeovers and trial.takeovers[-1].epoch == trial.epochs else None
        from_whom = {} if copied is None else {"copy_of": copied}
        choices = trial.at(trial.epochs + 1).choices
        _say_json({"event": "started", "trial": trial.number, "choices": choices, **from_whom})

    def reported(self, number: int, report: Report) -> None:
        """Say what a trial reported."""
        super().reported(number, report)
        _say_json({"event": "reported", "trial": number, "epoch": report.step, "metrics": dict(report.metrics)})

    def ended(self, trial: TrialRecord) -> None:
        """Say how a trial ended."""
        super().ended(trial)
        _say_json({"event": "ended", "trial": trial.number, "state": trial.state, "cause": trial.cause})


def print_end(sweep: Sweep) -> None:
    """The leaderboard's top, the best trial's parameters, its checkpoint, and how to see more."""
    record = sweep.record()
    facts = summary(record)
    if "best" not in facts:
        _print_none_feasible(sweep, record)
        return
    print_leaderboard(record, sweep.leaderboard().head(10))
    best = facts["best"]
    typer.echo(f"\nbest trial {best['trial']}: {record.objective.metric} {best['value']:.4f} in epoch {best['epoch']}")
    for name, value in best["params"].items():
        typer.echo(f"  {name} = {value:.6g}" if isinstance(value, float) else f"  {name} = {value}")
    if judged := ", ".join(f"{name} {value:.4f}" for name, value in facts.get("test", {}).items()):
        typer.echo(f"test part   {judged}  (read once, with the best trial's checkpoint)")
    typer.echo(f"checkpoint  {best['checkpoint']}")
    if facts["ended"]:
        typer.echo(f"ended       {facts['ended']}")
    typer.echo(f"see it      tuner ui{_home_option(sweep)}   (or: tuner report {sweep.name}{_home_option(sweep)})")


def _print_none_feasible(sweep: Sweep, record: SweepRecord) -> None:
    if not (broken := [told for trial in record.trials for told in record.broken(trial)]):
        return
    print_leaderboard(record, sweep.leaderboard().head(10))
    limits = ", ".join(map(str, record.constraints))
    typer.echo(f"\nno trial keeps the constraints ({limits}); the first has {broken[0]}")


def print_leaderboard(record: SweepRecord, board: pd.DataFrame) -> None:
    """A leaderboard as a table as wide as the terminal."""
    extra = [name for name in ("pareto", *record.goals.metrics[1:]) if name in board]
    columns = {"rank": "rank", "trial": "trial", "value": record.objective.metric, "step": "epoch"}
    columns |= {name: name for name in extra if name not in columns}
    columns |= {"architecture": "architecture", "optimizer": "optimizer", "epochs": "epochs", "seconds": "seconds"}
    columns |= {"state": "state"}
    columns = {name: heading for name, heading in columns.items() if name != "optimizer" or (board[name] != "").any()}
    table = Table(box=None, padding=(0, 2, 0, 0))
    numeric = ("rank", "trial", "value", "step", "epochs", "seconds", *extra)
    for column, heading in columns.items():
        table.add_column(heading, justify="right" if column in numeric else "left", no_wrap=True)
    for _, row in board.iterrows():
        cells = [_cell(column, row[column]) for column in columns]
        remark = row["cause"] if isinstance(row["cause"], str) else row.get("broken")
        cells[-1] += f": {remark}" if isinstance(remark, str) and remark else ""
        table.add_row(*cells)
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False, markup=False).print(table)


def summary(record: SweepRecord) -> dict[str, Any]:
    """A sweep in a few facts, as plain data."""
    counts = Counter(str(trial.state) for trial in record.trials)
    driver = holder(record.folder)
    facts: dict[str, Any] = {
        "sweep": record.name,
        "trials": len(record.trials),
        "planned": record.spec["budget"]["trials"],
        "states": dict(counts),
        "driver": str(driver) if driver else None,
        "objective": {"metric": record.objective.metric, "mode": record.objective.mode},
    }
    if (best := record.best()) and (point := best.best(record.objective)):
        checkpoint = best.checkpoint.path if best.checkpoint else None
        facts["best"] = {"trial": best.number, "epoch": point[0], "value": point[1], "checkpoint": checkpoint}
        facts["best"]["params"] = dict(best.at_best(record.objective).params)
    if test := record.attributes.get("test"):
        facts["test"] = test["metrics"]
    if record.further:
        facts["objectives"] = [{"metric": it.metric, "mode": it.mode} for it in record.goals.objectives]
        facts["front"] = front(record)["trial"].tolist()
    if record.constraints:
        facts["constraints"] = [str(it) for it in record.constraints]
    facts["spent"] = spent(record)
    facts["ended"] = record.attributes.get("ended")
    return facts


def spent(record: SweepRecord) -> dict[str, float]:
    """What the sweep has used of the budgets that bound it as a whole."""
    minutes = record.attributes.get(DRIVEN, 0.0) / 60
    return {"epochs": sum(trial.epochs for trial in record.trials), "minutes": round(minutes, 2)}


def status(record: SweepRecord, *, json: bool = False) -> str:
    """Where a sweep stands, in a line or two."""
    facts = summary(record)
    if json:
        return json_format.dumps(facts)
    states = ", ".join(f"{count} {state.lower()}" for state, count in facts["states"].items())
    unfinished = any(not trial.state.finished for trial in record.trials) or facts["trials"] < facts["planned"]
    if facts["driver"]:
        doing = f"driven by {facts['driver']}"
    else:
        goes_on = unfinished and not facts["ended"]
        doing = f"not running: `tuner resume {record.name}` goes on" if goes_on else "over"
    lines = [f"{record.name}: {facts['trials']} of {facts['planned']} trials ({states or 'none started'}); {doing}"]
    if best := facts.get("best"):
        lines.append(
            f"  best {record.objective.metric} {best['value']:.4f} (trial {best['trial']}, epoch {best['epoch']})"
        )
    if facts["ended"] and not facts["driver"]:
        lines.append(f"  ended: {facts['ended']}")
    if "front" in facts:
        lines.append(f"  beaten by none in all objectives: trials {', '.join(map(str, facts['front'])) or 'none yet'}")
    return "\n".join(lines)


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _cell(column: str, value: Any) -> str:
    if pd.isna(value):
        return ""
    if column == "value":
        return f"{value:.4f}"
    if column == "seconds":
        return f"{value:.1f}"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _home_option(sweep: Sweep) -> str:
    from tuner.home import Home

    return "" if sweep.home == Home.at() else f" --home {sweep.home.path}"


def _say_json(event: dict[str, Any]) -> None:
    typer.echo(json_format.dumps(_finite(event), allow_nan=False))


def _finite(value: Any) -> Any:
    """JSON knows no NaN and no infinity: null in their place."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
