"""`tuner resume`: go on with an interrupted sweep."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tuner.commands import AcceptOption, AddressOption, HomeOption, InlineOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's, or the pipeline's, name.")],
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    accept_changes: AcceptOption = False,
    json: JsonOption = False,
) -> None:
    """Go on with a sweep that was interrupted or killed, from its ledger."""
    from tuner import display, stages
    from tuner.home import Home
    from tuner.sweep import Sweep

    drive = partial(display.drive, json=json, address=address, runner="inline" if inline else "ray")
    if stages.begun(name, Home.at(home)):
        stages.Pipeline.open(name, Home.at(home)).run(Home.at(home), drive, typer.echo, accept_changes=accept_changes)
        return
    sweep = Sweep.open(name, home)
    drive(sweep, partial(sweep.resume, accept_changes=accept_changes))
