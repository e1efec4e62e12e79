"""`tuner list`: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    kind: Annotated[
        str,
        typer.Argument(help="architectures, datasets, losses, optimizers, recipes, schedulers, searchers or sweeps."),
    ],
    home: HomeOption = None,
) -> None:
    """List what there is of a kind, with a sentence each."""
    from tuner import catalogue
    from tuner.home import Home

    rows = [(name, "") for name in Home.at(home).names()] if kind == "sweeps" else catalogue.rows(kind)
    width = max((len(name) for name, _ in rows), default=0)
    for name, sentence in rows:
        typer.echo(f"{name:<{width}}  {sentence}".rstrip())
