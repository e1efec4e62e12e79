"""The tables, as text that Markdown shows as a table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from quality import judge
from quality.judge import Rows
from quality.results import Row

OURS = "auto+freeze_thaw"
EARLY = (5, 10, 20, 40)
ONE_LEVEL = ("fcnet", "hpobench_nn", "nasbench201")
"""How the names of tasks begin in which a full training is the only level: these alone run to 100 trainings."""
OWN = "own/"
"""How the names of the tasks in `benchmarks/tasks` begin: they were recorded when everything else had been decided."""
GROUPS: dict[str, Callable[[str], bool]] = {
    "all tasks": lambda task: True,
    "surrogates": lambda task: task.startswith(("lcbench", "rbv2_")),
    "lcbench": lambda task: task.startswith("lcbench"),
    "rbv2": lambda task: task.startswith("rbv2_"),
    "tables": lambda task: not task.startswith(("lcbench", "rbv2_")),
    "tables of curves (taskset)": lambda task: task.startswith("taskset"),
    "tables of one level": lambda task: task.startswith(ONE_LEVEL),
}


def everything(rows: Rows, workers: int) -> str:
    """All tables for a number of workers."""
    own, rows = on(rows, workers, is_own), on(rows, workers, lambda task: not is_own(task))
    parts = [regrets(rows, workers, title, kept) for title, kept in GROUPS.items()]
    parts += [ranks(rows, workers, 40, title) for title in ("all tasks", "surrogates", "tables")]
    parts += [versus(rows, workers, mark) for mark in (10, 20, 40)]
    if workers > 1 and "random_search" in rows:
        parts.append(times(rows, workers))
    parts += [regrets(own, workers, "trainings recorded afterwards", lambda task: True)]
    parts += [speeds(rows, workers), provenance(rows, workers)]
    return "\n\n".join(part for part in parts if part)


def is_own(task: str) -> bool:
    """Whether a task is one of `benchmarks/tasks`."""
    return task.startswith(OWN)


def on(rows: Rows, workers: int, kept: Callable[[str], bool]) -> dict[str, list[Row]]:
    """The runs on some tasks, of the methods that have any."""
    found = {name: [row for row in all_ if row.workers == workers and kept(row.task)] for name, all_ in rows.items()}
    return {name: some for name, some in found.items() if some}


def regrets(rows: Rows, workers: int, title: str, kept: Callable[[str], bool]) -> str:
    """Mean regret at the marks; a method is shown if it has run all tasks of the group."""
    tasks = {task for found in rows.values() for task in judge.by_task(found, workers) if kept(task)}
    marks = (*EARLY, 100) if title == "tables of one level" else EARLY
    whole = {name: found for name, found in rows.items() if tasks and tasks <= set(judge.by_task(found, workers))}
    if not whole:
        return ""
    curves = {name: judge.curve(found, workers, tasks) for name, found in whole.items()}
    head = ["method", "seeds", *map(str, marks), "area"]
    lines = [
        [
            name,
            _seeds(whole[name], workers, tasks),
            *(_cell(judge.at(curves[name], mark)) for mark in marks),
            _cell(judge.areas(whole[name], workers, tasks)),
        ]
        for name in sorted(whole, key=lambda name: _order(curves[name]))
    ]
    about = f"{title}: {len(tasks)} tasks, {_workers(workers)}, mean normalised regret after full trainings"
    return f"{about}\n\n{table(head, lines)}"


def ranks(rows: Rows, workers: int, mark: float, title: str) -> str:
    """Mean ranks with the critical difference, of the methods that have come to the mark on every task."""
    kept = GROUPS[title]
    whole = {name: found for name, found in rows.items() if complete(rows, name, workers, mark)}
    tasks = [task for task in judge.common_tasks(whole, workers) if kept(task)]
    if len(whole) < 3 or len(tasks) < 2:
        return ""
    found = judge.ranking(whole, workers, mark, tasks)
    best_first = sorted(found.ranks, key=found.ranks.__getitem__)
    body = table(["method", "mean rank"], ([name, f"{found.ranks[name]:.2f}"] for name in best_first))
    alike = "; ".join(" ".join(group) for group in found.groups())
    return (
        f"{title}: mean ranks at {mark:g}, {found.tasks} tasks, {_workers(workers)}. Friedman {found.statistic:.1f}, "
        f"p = {found.p:.2g}; ranks differ if further apart than {found.difference:.2f} (Nemenyi, 5 %)\n\n{body}\n\n"
        f"Not told apart: {alike or 'none'}"
    )


def versus(rows: Rows, workers: int, mark: float, mine: str = OURS) -> str:
    """Ours beside each method that has come to the mark on every task."""
    whole = {name: found for name, found in rows.items() if complete(rows, name, workers, mark)}
    tasks = judge.common_tasks(whole, workers)
    if mine not in whole or len(whole) < 2 or len(tasks) < 2:
        return ""
    found = judge.pairs(whole, workers, mark, tasks, mine)
    lines = [[name, f"{pair.wins:g} of {pair.tasks}", f"{pair.p:.2g}"] for name, pair in found.items()]
    head = ["than", "tasks on which it is better", "p"]
    about = f"{mine} at {mark:g}, {_workers(workers)}: Wilcoxon's signed-rank test over the tasks, p corrected (Holm)"
    return f"{about}\n\n{table(head, lines)}"


def complete(rows: Rows, name: str, workers: int, mark: float) -> bool:
    """Whether a method has come to the mark on every task that any method has run."""
    tasks = {task for found in rows.values() for task in judge.by_task(found, workers)}
    means = judge.by_task(rows[name], workers)
    return all(task in means and not math.isnan(judge.at(means[task], mark)) for task in tasks)


def times(rows: Rows, workers: int, end: float = 40) -> str:
    """When each method is as good as random search is at the end."""
    lines = []
    for title in ("all tasks", "surrogates", "tables"):
        whole = {name: found for name, found in rows.items() if complete(rows, name, workers, end)}
        tasks = [task for task in judge.common_tasks(whole, workers) if GROUPS[title](task)]
        random = judge.curve(whole["random_search"], workers, tasks)
        for name, found in whole.items():
            share = judge.share_of_time(judge.curve(found, workers, tasks), random, end)
            lines.append([title, name, "never" if math.isinf(share) else f"{100 * share:.0f} %"])
    head = ["tasks", "method", "of random search's time"]
    return f"Simulated time to random search's last mean regret, {_workers(workers)}\n\n" + table(head, lines)


def speeds(rows: Rows, workers: int) -> str:
    """Processor time of the methods themselves."""
    lines = []
    for name, found in rows.items():
        here = [row for row in found if row.workers == workers]
        longest = max(here, key=lambda row: row.suggestion_ms)
        mean = statistics.mean(row.suggestion_ms for row in here)
        trials = statistics.mean(row.trials for row in here)
        lines.append([name, f"{mean:.3g}", f"{longest.suggestion_ms:.3g}", f"{trials:.0f}"])
    lines.sort(key=lambda line: float(line[1]))
    head = ["method", "ms a suggestion", "in the slowest run", "configurations a run"]
    return f"Time for suggestions, {_workers(workers)}\n\n" + table(head, lines)


def provenance(rows: Rows, workers: int) -> str:
    """With what each method was measured, and when."""
    lines = []
    for name, found in rows.items():
        here = [row for row in found if row.workers == workers]
        days = sorted({row.date for row in here})
        versions = ", ".join(sorted({row.versions for row in here}))
        lines.append(f"{name}: {versions}, {days[0] if len(days) == 1 else f'{days[0]} to {days[-1]}'}")
    return "\n".join(lines)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Columns as wide as what is in them; the first on the left, the others on the right."""
    rows = [list(head), *map(list, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    rows.insert(1, rule)
    return "\n".join(
        "| "
        + " | ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        + " |"
        for row in rows
    )


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _order(curve: np.ndarray) -> tuple[float, ...]:
    """Best at the last mark first; those that did not come so far last."""
    return tuple(math.inf if math.isnan(judge.at(curve, mark)) else judge.at(curve, mark) for mark in reversed(EARLY))


def _seeds(rows: Sequence[Row], workers: int, tasks: Iterable[str]) -> str:
    counts = {sum(row.task == task and row.workers == workers for row in rows) for task in tasks}
    return f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def _workers(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"
