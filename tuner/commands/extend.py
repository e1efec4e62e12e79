"""`tuner extend`: more of its budgets for a sweep, or another space, scheduler or searcher."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.commands import (
    AcceptOption,
    AddressOption,
    HomeOption,
    InlineOption,
    JsonOption,
    SchedulerOption,
    SearcherOption,
)


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    trials: Annotated[int, typer.Option(help="How many more trials.")] = 0,
    minutes: Annotated[float, typer.Option(help="How many more minutes by the clock.")] = 0.0,
    total_epochs: Annotated[int, typer.Option(help="How many more epochs of all trials together.")] = 0,
    accelerator_hours: Annotated[float, typer.Option(help="How many more hours of training.")] = 0.0,
    target: Annotated[float | None, typer.Option(help="A further target for the objective.")] = None,
    space: Annotated[
        Path | None, typer.Option(help="A YAML file: what it says of the space is what varies from now on.")
    ] = None,
    scheduler: SchedulerOption = None,
    searcher: SearcherOption = None,
    accept_changes: AcceptOption = False,
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
) -> None:
    """Give a sweep more trials, or more of another budget, or another space, and go on."""
    from tuner import display
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    what: dict[str, Any] = {
        "trials": trials,
        "minutes": minutes,
        "total_epochs": total_epochs,
        "accelerator_hours": accelerator_hours,
        "target": target,
        "space": space,
        "scheduler": scheduler,
        "searcher": searcher,
    }
    how = partial(sweep.extend, **what, accept_changes=accept_changes)
    runner = "inline" if inline else "ray"
    display.drive(sweep, how, json=json, spec=sweep.extended(**what), address=address, runner=runner)
