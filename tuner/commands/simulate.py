"""`tuner simulate`: searchers and schedulers on recorded trainings."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.comparison import Contest, Outcome


def command(
    tasks: Annotated[Path, typer.Option(help="Folder of recorded tasks, with a loader.py; its code is run.")],
    task: Annotated[list[str] | None, typer.Option(help="Only this task; may come several times.")] = None,
    searcher: Annotated[list[str] | None, typer.Option(help="As in a spec; several are compared.")] = None,
    scheduler: Annotated[list[str] | None, typer.Option(help="As in a spec; each pair is compared.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Simulated workers.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="Sweeps of each pair on each task.")] = 20,
    trainings: Annotated[float, typer.Option(min=1, help="Budget of a sweep, in whole trainings.")] = 40.0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; one a CPU otherwise.", show_default=False)] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Curves and table as .html, or each sweep as .csv.")
    ] = None,
) -> None:
    """Compare searchers and schedulers on recorded trainings, in simulated time: no GPU, no Ray."""
    from tuner import recorded, scoreboard
    from tuner.comparison import Contest, compare
    from tuner.spec import SweepSpec

    _check_output(output)
    usual = {key: [SweepSpec.model_fields[key].default] for key in ("searcher", "scheduler")}
    pairs = itertools.product(searcher or usual["searcher"], scheduler or usual["scheduler"])
    names = tuple(task or recorded.names(tasks))
    contest = Contest(tasks.absolute(), names, tuple(dict.fromkeys(pairs)), seeds, workers, trainings)
    contest.check()
    with scoreboard.progress(len(contest.runs())) as done:
        outcomes = [done(outcome) for outcome in compare(contest, jobs or os.cpu_count() or 1)]
    scoreboard.show(contest, outcomes)
    if output:
        typer.echo(f"wrote {_write(contest, outcomes, output)}")


def _check_output(output: Path | None) -> None:
    """Refuse a file that could not be written, before anything runs."""
    from dashboards import style
    from dashboards.card import MissingExtra
    from tuner.errors import UsageError

    if output is None:
        return
    if output.suffix not in (".html", ".csv"):
        raise UsageError(f"--output must end in .html or .csv, got {output}")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"--output must lie in a folder that exists, got {output}")
    if output.suffix == ".html":
        try:
            style.graph_objects()
        except MissingExtra as error:
            raise UsageError(str(error)) from error


def _write(contest: Contest, outcomes: Sequence[Outcome], output: Path) -> Path:
    from dashboards import regret
    from tuner import standings

    if output.suffix == ".csv":
        standings.single_runs(outcomes).to_csv(output, index=False)
        return output
    return regret.write(standings.curves(outcomes), standings.table(outcomes), str(contest), output)
