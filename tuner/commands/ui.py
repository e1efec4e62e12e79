"""`tuner ui`: MLflow's pages over the home."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port; a free one otherwise.")] = None,
) -> None:
    """Open MLflow over everything that was tracked, on this machine only; Ctrl-C closes it."""
    from tuner import ui
    from tuner.home import Home

    ui.serve(Home.at(home), port)
