"""`tuner sweep`: start a sweep."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tuner.commands import (
    AddressOption,
    HomeOption,
    InlineOption,
    JsonOption,
    SchedulerOption,
    SearcherOption,
    laid_over,
)


def command(
    spec: Annotated[str, typer.Argument(help="A recipe (`tuner list recipes`) or a YAML file; it may list `stages`.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Laid over the spec: budget.trials=8")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the sweep; the file's name otherwise.")] = None,
    searcher: SearcherOption = None,
    scheduler: SchedulerOption = None,
    warm_start: Annotated[
        str | None, typer.Option(help="Earlier sweeps that help, by name, commas between; `auto`: all that can.")
    ] = None,
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the whole spec and the plan; run nothing.")] = False,
) -> None:
    """Run a recipe or a YAML file: search, train, track, rank."""
    from tuner import display
    from tuner.home import Home
    from tuner.spec import raw_spec
    from tuner.sweep import Sweep

    names = warm_start and f"{warm_start!r}"  # as text, be it a number
    laid = laid_over(overrides, searcher=searcher, scheduler=scheduler, warm_start=names)
    drive = partial(display.drive, json=json, address=address, runner="inline" if inline else "ray")
    if "stages" in raw_spec(spec, laid, name):
        from tuner.stages import Pipeline

        pipeline = Pipeline.load(spec, laid, name)
        typer.echo(pipeline.plan())
        if not dry_run:
            pipeline.begin(Home.at(home), drive, typer.echo)
        return
    sweep = Sweep(spec, laid, name=name, home=home)
    if dry_run:
        typer.echo(display.plan(sweep.spec))
        return
    drive(sweep, sweep.run)
