"""`tuner extend`: more of its budgets for a sweep."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tuner.commands import AddressOption, HomeOption, InlineOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    trials: Annotated[int, typer.Option(help="How many more trials.")] = 0,
    minutes: Annotated[float, typer.Option(help="How many more minutes by the clock.")] = 0.0,
    total_epochs: Annotated[int, typer.Option(help="How many more epochs of all trials together.")] = 0,
    accelerator_hours: Annotated[float, typer.Option(help="How many more hours of training.")] = 0.0,
    target: Annotated[float | None, typer.Option(help="A further target for the objective.")] = None,
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
) -> None:
    """Give a sweep more trials, or more of another budget, and go on."""
    from tuner import display
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    how = partial(
        sweep.extend,
        trials=trials,
        minutes=minutes,
        total_epochs=total_epochs,
        accelerator_hours=accelerator_hours,
        target=target,
    )
    display.drive(sweep, how, json=json, address=address, runner="inline" if inline else "ray")
