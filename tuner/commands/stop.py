"""`tuner stop`: end a sweep, or one of its trials."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    trial: Annotated[
        int | None, typer.Option(help="Only this trial; the whole sweep otherwise.", show_default=False)
    ] = None,
    home: HomeOption = None,
) -> None:
    """End a sweep for good: running epochs end, what waits is pruned, the best is judged and kept. Or one trial."""
    from tuner.sweep import Sweep

    typer.echo(Sweep.open(name, home).stop(trial))
