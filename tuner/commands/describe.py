"""`tuner describe`: the settings of one choice."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    kind: Annotated[str, typer.Argument(help="architecture, dataset, loss, optimizer, training, scheduler, searcher.")],
    name: Annotated[str | None, typer.Argument(help="Its name: `tuner list KIND` shows them.")] = None,
) -> None:
    """Show what a choice is, and its settings with their ranges and defaults."""
    from tuner import catalogue

    typer.echo(catalogue.describe(kind, name or kind))
