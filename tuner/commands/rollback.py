"""`tuner rollback`: the champion before takes its place again."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    model: Annotated[str, typer.Argument(help="MODEL@champion.")],
    home: HomeOption = None,
) -> None:
    """Let a model's champion be the version that was it before; once more goes back."""
    from tracking.registry import ModelName
    from tuner.home import Home
    from tuner.promotion import rollback

    done = rollback(Home.at(home).tracking_uri, ModelName.read(model))
    number = done.version.number
    typer.echo(f"{done.version.model}@champion is version {number} again; version {done.replaced} is its previous")
