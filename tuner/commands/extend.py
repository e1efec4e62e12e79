"""`tuner extend`: more trials for a sweep."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    trials: Annotated[int, typer.Option(help="How many more.")],
    home: HomeOption = None,
    address: Annotated[str | None, typer.Option(help="A Ray cluster to run on: HOST:PORT.")] = None,
    inline: Annotated[bool, typer.Option("--inline", help="One trial after another in this process, no Ray.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Give a sweep more trials, and go on."""
    from tuner import display
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    how = partial(sweep.extend, trials=trials)
    display.drive(sweep, how, json=json, address=address, runner="inline" if inline else "ray")
