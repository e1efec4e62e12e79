"""`tuner leaderboard`: the trials of a sweep, best first."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tuner import garbage
from tuner.commands import HomeOption


class Format(StrEnum):
    """How the leaderboard is written."""

    table = "table"
    csv = "csv"
    json = "json"


class By(StrEnum):
    """What is ranked in place of trials."""

    architecture = "architecture"


@garbage.not_sought()
def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.table,
    top: Annotated[int | None, typer.Option(min=1, help="Only so many; all otherwise.")] = None,
    pareto: Annotated[
        bool, typer.Option("--pareto", help="Only the trials that no other beats in all objectives at once.")
    ] = False,
    by: Annotated[
        By | None, typer.Option(help="Instead of trials: each architecture's best at equal cost.", show_default=False)
    ] = None,
    home: HomeOption = None,
) -> None:
    """Rank the trials of a sweep by the best value each has reached."""
    from tracking.costs import best_by_architecture
    from tracking.leaderboard import front, leaderboard
    from tracking.onlooker import Onlooker
    from tuner import told
    from tuner.board import print_leaderboard
    from tuner.errors import UsageError
    from tuner.home import Home

    record = Onlooker(Home.at(home).sweep(name)).record()
    if pareto and not record.further:
        raise UsageError(f"--pareto needs several objectives; {name} has one, {record.objective.metric}")
    if by:
        told.frame(best_by_architecture(record), str(format))
        return
    board = front(record) if pareto else leaderboard(record)
    board = board.head(top) if top else board
    if format is not Format.table:
        told.frame(board, str(format))
        return
    print_leaderboard(record, board)
    if ended := record.attributes.get("ended"):
        typer.echo(f"the sweep is over: {ended}", err=True)
