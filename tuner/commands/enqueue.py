"""`tuner enqueue`: a point to try next."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    point: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE...", help="architecture.mlp.width=64: what is left out is drawn."),
    ],
    home: HomeOption = None,
) -> None:
    """Have a sweep try a point next, in the place of one that its searcher would have drawn."""
    from tuner.reading import assigned
    from tuner.sweep import Sweep

    typer.echo(Sweep.open(name, home).enqueue(assigned(point)))
