"""`tuner extend`: more trials for a sweep."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tuner.commands import AddressOption, HomeOption, InlineOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    trials: Annotated[int, typer.Option(help="How many more.")],
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
) -> None:
    """Give a sweep more trials, and go on."""
    from tuner import display
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    how = partial(sweep.extend, trials=trials)
    display.drive(sweep, how, json=json, address=address, runner="inline" if inline else "ray")
