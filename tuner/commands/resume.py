"""`tuner resume`: go on with an interrupted sweep."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    home: HomeOption = None,
    address: Annotated[str | None, typer.Option(help="A Ray cluster to run on: HOST:PORT.")] = None,
    inline: Annotated[bool, typer.Option("--inline", help="One trial after another in this process, no Ray.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Go on with a sweep that was interrupted or killed, from its ledger."""
    from tuner import display
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    display.drive(sweep, sweep.resume, json=json, address=address, runner="inline" if inline else "ray")
