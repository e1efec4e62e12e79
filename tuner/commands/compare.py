"""`tuner compare`: sweeps side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption
from tuner.commands.leaderboard import Format


def command(
    names: Annotated[list[str], typer.Argument(help="Two sweeps or more.")],
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.table,
    home: HomeOption = None,
) -> None:
    """Put sweeps side by side: space, code, data, and the best value at the same cost."""
    from tuner import told
    from tuner.beside import compare

    told.versus(compare(*names, home=home), str(format))
