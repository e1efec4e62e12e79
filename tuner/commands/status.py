"""`tuner status`: where sweeps stand."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption, JsonOption


def command(
    name: Annotated[str | None, typer.Argument(help="The sweep's name; all sweeps otherwise.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing one until nobody drives it.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say how far a sweep is, who drives it, and what is best so far."""
    from tracking.onlooker import Onlooker
    from tuner import display, following, garbage
    from tuner.errors import UsageError
    from tuner.home import Home

    place = Home.at(home)
    if follow:
        if name is None:
            raise UsageError("--follow needs the name of one sweep: `tuner status NAME --follow`")
        following.follow(place.sweep(name), json=json)
        return
    names = [name] if name else place.names()
    if not names:
        typer.echo(f"no sweeps in {place.path}: `tuner sweep digits` makes one")
    with garbage.not_sought():
        for each in names:
            typer.echo(display.status(Onlooker(place.sweep(each)).record(), json=json))
