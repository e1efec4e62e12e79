"""`tuner leaderboard`: the trials of a sweep, best first."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tuner.commands import HomeOption


class Format(StrEnum):
    """How the leaderboard is written."""

    table = "table"
    csv = "csv"
    json = "json"


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.table,
    top: Annotated[int | None, typer.Option(min=1, help="Only so many; all otherwise.")] = None,
    pareto: Annotated[
        bool, typer.Option("--pareto", help="Only the trials that no other beats in all objectives at once.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Rank the trials of a sweep by the best value each has reached."""
    from tuner import display
    from tuner.errors import UsageError
    from tuner.sweep import Sweep

    sweep = Sweep.open(name, home)
    if pareto and sweep.spec.objectives is None:
        raise UsageError(f"--pareto needs several objectives; {name} has one, {sweep.spec.objective.metric}")
    board = sweep.pareto() if pareto else sweep.leaderboard()
    board = board.head(top) if top else board
    if format is Format.csv:
        typer.echo(board.to_csv(index=False), nl=False)
    elif format is Format.json:
        typer.echo(board.to_json(orient="records", indent=2))
    else:
        record = sweep.record()
        display.print_leaderboard(record, board)
        if ended := record.attributes.get("ended"):
            typer.echo(f"the sweep is over: {ended}", err=True)
