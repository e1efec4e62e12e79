"""`tuner reproduce`: a trial once more, compared number by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tuner.commands import HomeOption

if TYPE_CHECKING:
    from tuner.reproduction import Reproduction

SHOWN = 20
"""Differences that are shown; the rest is counted."""


def command(
    run: Annotated[str, typer.Argument(help="SWEEP/TRIAL, or the id of the trial's MLflow run.")],
    home: HomeOption = None,
) -> None:
    """Train a trial again from its seed, and compare every metric of every epoch; exit code 1 if one differs."""
    from tuner.reproduction import reproduce

    found = reproduce(run, home)
    for line in found.environment:
        typer.echo(f"different here: {line}")
    what = f"trial {found.trial} of {found.sweep} (seed {found.seed})"
    count = f"{found.epochs} epochs, {len(found.metrics)} metrics each: {', '.join(found.metrics)}"
    if found.same:
        typer.echo(f"{what} is the same to the last bit: {count}")
        return
    _show(found)
    typer.echo(f"{what} is not the same: {len(found.differences)} numbers of {count}")
    raise typer.Exit(1)


def _show(found: Reproduction) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("epoch", "metric", "before", "now", "difference", box=None)
    for it in found.differences[:SHOWN]:
        table.add_row(str(it.epoch), it.metric, f"{it.before:.9g}", f"{it.now:.9g}", f"{it.now - it.before:.3g}")
    Console().print(table)
    if (more := len(found.differences) - SHOWN) > 0:
        typer.echo(f"... and {more} more")
    if found.cause:
        typer.echo(f"training broke off: {found.cause}")
