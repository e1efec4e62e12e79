"""`tuner finetune`: fit a registered version to other data."""

from __future__ import annotations

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
    model: Annotated[str, typer.Argument(help="MODEL@champion, or MODEL/3: whose network and weights to go on from.")],
    spec: Annotated[str, typer.Argument(help="A recipe's name or a YAML file: data, objective, budget, `transfer`.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Laid over the spec: transfer=full")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the sweep; the file's name otherwise.")] = None,
    searcher: SearcherOption = None,
    scheduler: SchedulerOption = None,
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the whole spec and the plan; run nothing.")] = False,
) -> None:
    """Fit a registered model to other data: its network and weights, a new head, a sweep of its own."""
    from tuner import display
    from tuner.finetuning import finetune

    laid = laid_over(overrides, searcher=searcher, scheduler=scheduler)
    sweep = finetune(model, spec, laid, name=name, home=home)
    if dry_run:
        typer.echo(display.plan(sweep.spec))
        return
    display.drive(sweep, sweep.run, json=json, address=address, runner="inline" if inline else "ray")
