"""`tuner lineage`: where a model came from, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    model: Annotated[str, typer.Argument(help="The registered model's name.")],
    home: HomeOption = None,
) -> None:
    """Show sweeps, versions, the sweeps that started from them and their versions, as a tree."""
    from tuner.home import Home
    from tuner.lineage import lineage, lines

    for line in lines(lineage(Home.at(home), model)):
        typer.echo(line)
