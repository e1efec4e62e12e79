"""`tuner check`: a preflight."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption, SchedulerOption, SearcherOption, laid_over


def command(
    spec: Annotated[str, typer.Argument(help="A recipe's name or a YAML file.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Laid over the spec: budget.trials=8")
    ] = None,
    searcher: SearcherOption = None,
    scheduler: SchedulerOption = None,
    home: HomeOption = None,
) -> None:
    """Build every branch of a spec, train one epoch on a few samples, save, restore; print plan, memory and time."""
    from tuner import display, fitting, machine, preflight
    from tuner.errors import EveryTrialFailedError
    from tuner.sweep import Sweep

    read = Sweep(spec, laid_over(overrides, searcher=searcher, scheduler=scheduler), home=home).spec
    machine.workers(read, None, "inline")  # refuses what this machine does not have
    typer.echo(display.plan(read))
    fitting.check(read)
    failed = [line for line in preflight.check(read) if not _show(line)]
    if failed:
        raise EveryTrialFailedError(f"{len(failed)} of the branches above cannot be trained")


def _show(line: object) -> bool:
    from tuner.preflight import Checked

    assert isinstance(line, Checked)
    typer.echo(str(line))
    return line.cause is None
