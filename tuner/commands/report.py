"""`tuner report`: a sweep as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("report.html"),
    home: HomeOption = None,
) -> None:
    """Write a self-contained page: leaderboard, best value against cost, learning curves, importance."""
    from dashboards import page
    from dashboards.card import MissingExtra
    from tracking.onlooker import Onlooker
    from tuner.errors import UsageError
    from tuner.home import Home

    record = Onlooker(Home.at(home).sweep(name)).record()
    try:
        written = page.write(record, output)
    except (MissingExtra, OSError) as error:
        raise UsageError(str(error)) from error
    typer.echo(f"wrote {written}")
