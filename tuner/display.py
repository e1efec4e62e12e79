"""What the command line shows of a sweep: a live table on a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import json as json_format
import math
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from tracking.goals import Goals
from tracking.leaderboard import front
from tracking.lease import BEAT_SECONDS, holder
from tracking.records import SweepRecord
from tuner.board import print_leaderboard
from tuner.clock import KEY as DRIVEN
from tuner.errors import EveryTrialFailedError
from tuner.watching import JsonLines, Lines, LiveTable, say_json

if TYPE_CHECKING:
    from tuner.spec import SweepSpec
    from tuner.sweep import Sweep

LATE_SECONDS = 6 * BEAT_SECONDS
"""A driver on this host that was not heard of for so long does not go on, though its process is there."""


def drive(
    sweep: Sweep, how: Callable[..., Sweep], *, json: bool, spec: SweepSpec | None = None, **settings: Any
) -> None:
    """Run a sweep in a way (`sweep.run`, `sweep.resume`) and show it; exits with 130 if it was interrupted.

    Args:
        sweep: The sweep.
        how: The way.
        json: Whether events are shown as JSON.
        spec: What it will do, if not what it did so far.
        settings: For `how`.
    """
    console = Console()
    if json:
        try:
            how(observer=JsonLines(sweep), **settings)
        except EveryTrialFailedError:
            say_json({"event": "end", **summary(sweep.record())})
            raise
        say_json({"event": "end", **summary(sweep.record())})
    else:
        typer.echo(plan(spec or sweep.spec, brief=True))
        if console.is_terminal:
            with LiveTable(sweep, console) as table:
                how(observer=table, **settings)
        else:
            how(observer=Lines(sweep), **settings)
        print_end(sweep)
    if sweep.interrupted:
        typer.echo(sweep.limits.reason if sweep.limits.full else _how_to_go_on(sweep), err=True)
        raise typer.Exit(130)


def _how_to_go_on(sweep: Sweep) -> str:
    return f"{sweep.limits.reason}: go on with `tuner resume {sweep.name}`"


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
    schedule = spec.scheduler_choice.plan(spec.budget.epochs, spec.trials)
    lines += [f"  {line}" for line in (*_first(spec), *schedule, *_ends(spec))]
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


def _ends(spec: SweepSpec) -> list[str]:
    """What may end the sweep before all its trials are done."""
    budget = spec.budget
    amounts = {
        "minutes": budget.minutes,
        "epochs in all": budget.total_epochs,
        "accelerator-hours": budget.accelerator_hours,
    }
    spent = " or ".join(f"{amount:,.10g} {unit}" for unit, amount in amounts.items() if amount is not None)
    aimed_at = [it for it in spec.goals.objectives if it.target is not None]
    reached = " and ".join(f"{it.metric} reaches {it.target:g}" for it in aimed_at)
    lines = [f"ends after {spent} at the latest"] if spent else []
    lines += [f"ends when {reached}"] if reached else []
    if budget.min_gain_per_hour is not None:
        lines.append(f"ends when an hour of training is expected to gain less than {budget.min_gain_per_hour:g}")
    return lines


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
        "heard_seconds_ago": round(driver.silence, 1) if driver else None,
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
    lines = [
        f"{record.name}: {facts['trials']} of {facts['planned']} trials ({states or 'none started'}); "
        f"{who_drives(record)}"
    ]
    if best := facts.get("best"):
        lines.append(
            f"  best {record.objective.metric} {best['value']:.4f} (trial {best['trial']}, epoch {best['epoch']})"
        )
    if facts["ended"] and not facts["driver"]:
        lines.append(f"  ended: {facts['ended']}")
    if "front" in facts:
        lines.append(f"  beaten by none in all objectives: trials {', '.join(map(str, facts['front'])) or 'none yet'}")
    return "\n".join(lines)


def who_drives(record: SweepRecord) -> str:
    """Who drives a sweep, and since when that was not heard of; or how it goes on, if it does."""
    if driver := holder(record.folder):
        late = f": it should be every {BEAT_SECONDS:g} s, so it may be stopped, or its disk full"
        heard = f"heard of {driver.silence:.0f} s ago{late if driver.silence > LATE_SECONDS else ''}"
        return f"driven by {driver}, {heard}"
    # A driver that died while it ended the sweep has left some trials as they were.
    unfinished = any(not trial.state.finished for trial in record.trials)
    more = len(record.trials) < record.spec["budget"]["trials"] and not record.attributes.get("ended")
    return f"nobody drives it: `tuner resume {record.name}` goes on" if unfinished or more else "over"


def _home_option(sweep: Sweep) -> str:
    from tuner.home import Home

    return "" if sweep.home == Home.at() else f" --home {sweep.home.path}"
