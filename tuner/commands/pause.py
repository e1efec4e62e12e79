"""`tuner pause`: let a sweep's driver leave, to go on later."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    home: HomeOption = None,
) -> None:
    """Let running epochs end and the driver leave, as Ctrl-C in its terminal does; `tuner resume` goes on."""
    from tuner.sweep import Sweep

    typer.echo(Sweep.open(name, home).pause())
