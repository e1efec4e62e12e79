"""What was measured, a CSV file a method, a row a task, seed and number of workers; rows are only ever appended."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quality.play import Played
from quality.tasks import Task

FOLDER = Path(__file__).parent / "results"
MARKS = (0.25, 0.5, *range(1, 11), 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 50, 60, 70, 80, 90, 100)
"""The full trainings after which regret is kept."""
COLUMNS = ("task", "seed", "workers", "until", "trials", "suggestion_ms", "area", "date", "versions", *map(str, MARKS))


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        task: Its name.
        seed: The run's number.
        workers: How many trained at once.
        until: The full trainings that it had.
        trials: How many configurations it began.
        suggestion_ms: Processor milliseconds of the method for each suggestion.
        area: Mean regret between 1 and 40 full trainings; NaN if the run was shorter.
        regrets: Regret at each of `MARKS`; NaN beyond `until`, and before the first finite value.
        date: When it was measured.
        versions: With what.
    """

    task: str
    seed: int
    workers: int
    until: float
    trials: int
    suggestion_ms: float
    area: float
    regrets: tuple[float, ...]
    date: str
    versions: str

    @property
    def key(self) -> tuple[str, int, int]:
        """Which run it is."""
        return self.task, self.seed, self.workers


def regrets(task: Task, steps: Sequence[tuple[float, float]], until: float) -> tuple[float, ...]:
    """Regret at each mark up to `until`: that of the last improvement before it."""
    return tuple(_at(task, steps, mark) if mark <= until else math.nan for mark in MARKS)


def area(task: Task, steps: Sequence[tuple[float, float]], until: float, begin: float = 1, end: float = 40) -> float:
    """The mean regret between two numbers of full trainings: the area under the curve over its width.

    Before its first finite value a run counts as a median random configuration: regret 1.
    """
    if until < end:
        return math.nan
    edges = [begin, *(when for when, _ in steps if begin < when < end), end]
    heights = np.nan_to_num([_at(task, steps, edge) for edge in edges[:-1]], nan=1.0)
    return float(np.dot(np.diff(edges), heights)) / (end - begin)


def _at(task: Task, steps: Sequence[tuple[float, float]], mark: float) -> float:
    seen = [loss for when, loss in steps if when <= mark + 1e-9]
    return task.regret(seen[-1]) if seen else math.nan


def row_of(task: Task, played: Played, key: tuple[int, int], until: float, stamp: tuple[str, str]) -> Row:
    """A run as it is kept.

    Args:
        task: What it ran on.
        played: What came of it.
        key: The seed and the number of workers.
        until: The full trainings that it had.
        stamp: The date and the versions.
    """
    return Row(
        task=task.name,
        seed=key[0],
        workers=key[1],
        until=until,
        trials=played.trials,
        suggestion_ms=1000 * played.suggestion,
        area=area(task, played.steps, until),
        regrets=regrets(task, played.steps, until),
        date=stamp[0],
        versions=stamp[1],
    )


def append(path: Path, row: Row) -> None:
    """Add a run to a method's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        facts = [row.task, row.seed, row.workers, f"{row.until:g}", row.trials, f"{row.suggestion_ms:.3g}"]
        writer.writerow([*facts, _short(row.area), row.date, row.versions, *map(_short, row.regrets)])


def read(path: Path) -> list[Row]:
    """A method's runs; of one run that was done twice, the longer."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        rows = [_row(found) for found in csv.DictReader(file)]
    return list({row.key: row for row in sorted(rows, key=lambda row: row.until)}.values())


def everything(folder: Path = FOLDER) -> dict[str, list[Row]]:
    """All that was measured, by method."""
    return {path.stem: read(path) for path in sorted(folder.glob("*.csv"))}


def missing(
    rows: Iterable[Row], tasks: Sequence[Task], seeds: int, workers: int, until: float
) -> list[tuple[Task, int]]:
    """The runs that are still to be done: whole seeds first, so that a run that is cut short covers all tasks."""
    done = {row.key: row.until for row in rows}
    return [
        (task, seed)
        for seed in range(seeds)
        for task in tasks
        if done.get((task.name, seed, workers), 0) < min(until, task.horizon)
    ]


def _short(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4g}"


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _row(found: dict[str, str]) -> Row:
    return Row(
        task=found["task"],
        seed=int(found["seed"]),
        workers=int(found["workers"]),
        until=float(found["until"]),
        trials=int(found["trials"]),
        suggestion_ms=float(found["suggestion_ms"]),
        area=_number(found["area"]),
        regrets=tuple(_number(found[str(mark)]) for mark in MARKS),
        date=found["date"],
        versions=found["versions"],
    )
