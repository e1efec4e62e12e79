"""`tuner resume`: go on with an interrupted sweep."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import AddressOption, HomeOption, InlineOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
) -> None:
    """Go on with a sweep that was interrupted or killed, from its ledger."""
    from tuner import display
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    display.drive(sweep, sweep.resume, json=json, address=address, runner="inline" if inline else "ray")
