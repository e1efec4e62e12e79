"""`tuner promote`: register a sweep's confirmed network, through the gate."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    to: Annotated[str, typer.Option(help="The model and its alias: digit-classifier@champion.")],
    trial: Annotated[int | None, typer.Option(min=0, help="Another trial than the winner.", show_default=False)] = None,
    min_gain: Annotated[
        float, typer.Option(min=0, help="What the mean must gain on the champion's, in the objective's units.")
    ] = 0.0,
    force: Annotated[
        str | None, typer.Option(metavar="REASON", help="Override what speaks against it; the reason is kept.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Register a sweep's confirmed network in MLflow, and let an alias point to it if it beats the champion."""
    from tuner import told
    from tuner.promotion import promote
    from tuner.sweep import Sweep

    told.promotion(promote(Sweep.open(name, home), to, trial=trial, min_gain=min_gain, force=force), to)
