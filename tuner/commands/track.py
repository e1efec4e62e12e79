"""`tuner track`: show a sweep in MLflow, whatever MLflow has missed of it."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show a whole sweep in MLflow, be it an empty server: what is there already stays as it is."""
    from dataclasses import asdict
    from json import dumps

    from tuner.sweep import Sweep

    done = Sweep.open(name, home).track()
    if json:
        typer.echo(dumps({"event": "tracked", "name": name, **asdict(done)}))
    else:
        sent = (
            f"{done.runs:,} new runs and {done.points:,} points" if done.runs or done.points else "nothing was missing"
        )
        typer.echo(f"{name}: {sent} in {done.uri}, after {done.seconds:.1f} s")
