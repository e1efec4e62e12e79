"""`tuner status`: where sweeps stand."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption, JsonOption


def command(
    name: Annotated[str | None, typer.Argument(help="The sweep's name; all sweeps otherwise.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say how far a sweep is, who drives it, and what is best so far."""
    from tracking.ledger import Ledger
    from tuner import display
    from tuner.home import Home

    place = Home.at(home)
    names = [name] if name else place.names()
    if not names:
        typer.echo(f"no sweeps in {place.path}: `tuner sweep digits` makes one")
    for each in names:
        typer.echo(display.status(Ledger.open(place.sweep(each)).record(), json=json))
