"""What the rows say: mean regret, mean ranks, and whether the ranks differ by more than chance.

Seeds are averaged first, so that a task counts once whatever its number of runs: tasks are what differs between one
use and the next, and what the tests take as independent (Demsar, JMLR 7, 2006).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from quality.results import MARKS, Row

Rows = Mapping[str, Sequence[Row]]
"""Runs by method."""


@dataclass(frozen=True)
class Ranking:
    """Friedman's test with Nemenyi's critical difference (Demsar, JMLR 7, 2006, pages 9 to 12).

    Attributes:
        ranks: The mean rank of each method over the tasks, 1 the best; equals share their ranks' mean.
        tasks: Over how many tasks.
        statistic: Friedman's chi-squared, corrected for ties.
        p: The chance of so large a one if the methods were alike.
        difference: Mean ranks further apart than this differ at the 5 % level.
    """

    ranks: dict[str, float]
    tasks: int
    statistic: float
    p: float
    difference: float

    def groups(self) -> list[list[str]]:
        """The largest sets of neighbouring methods that do not differ, best first; none is part of another."""
        names = sorted(self.ranks, key=self.ranks.__getitem__)
        found: list[list[str]] = []
        for start, name in enumerate(names):
            group = [other for other in names[start:] if self.ranks[other] - self.ranks[name] <= self.difference]
            if len(group) > 1 and not (found and set(group) <= set(found[-1])):
                found.append(group)
        return found


def by_task(rows: Sequence[Row], workers: int) -> dict[str, np.ndarray]:
    """Mean regret over the seeds at each mark, by task; shape [marks]; NaN where a run was shorter.

    Before its first finite value a run counts as a median random configuration: regret 1.
    """
    found = defaultdict(list)
    for row in rows:
        if row.workers == workers:
            found[row.task].append(_filled(row))
    return {task: np.mean(curves, axis=0) for task, curves in found.items()}


def _filled(row: Row) -> np.ndarray:
    return np.array(
        [
            1.0 if math.isnan(regret) and mark <= row.until else regret
            for mark, regret in zip(MARKS, row.regrets, strict=True)
        ]
    )


def curve(rows: Sequence[Row], workers: int, tasks: Collection[str]) -> np.ndarray:
    """Mean regret over tasks at each mark, shape [marks]; NaN at marks that not all of these tasks have reached.

    Raises:
        KeyError: There is a task without a run.
    """
    means = by_task(rows, workers)
    return np.mean([means[task] for task in sorted(tasks)], axis=0)


def at(found: np.ndarray, mark: float) -> float:
    """A curve's value at one mark."""
    return float(found[MARKS.index(mark)])


def areas(rows: Sequence[Row], workers: int, tasks: Collection[str]) -> float:
    """The mean over tasks of the mean area over seeds."""
    found = defaultdict(list)
    for row in rows:
        if row.workers == workers and row.task in tasks:
            found[row.task].append(row.area)
    return float(np.mean([np.mean(areas) for areas in found.values()]))


def common_tasks(rows: Rows, workers: int) -> list[str]:
    """The tasks that every method has run."""
    sets = [set(by_task(found, workers)) for found in rows.values()]
    return sorted(set.intersection(*sets)) if sets else []


def ranking(rows: Rows, workers: int, mark: float, tasks: Sequence[str]) -> Ranking:
    """Methods ranked by their mean regret at a mark, task by task."""
    means = {name: by_task(found, workers) for name, found in rows.items()}
    values = {name: [at(found[task], mark) for task in tasks] for name, found in means.items()}
    return rank(values)


def rank(values: Mapping[str, Sequence[float]]) -> Ranking:
    """The test on one value a method and task, in the same order of tasks; smaller is better.

    Raises:
        ValueError: There are fewer than three methods, or fewer than two tasks.
    """
    table = np.array([values[name] for name in values]).T
    tasks, methods = table.shape
    if methods < 3 or tasks < 2:
        raise ValueError(f"ranks need at least 3 methods and 2 tasks, not {methods} and {tasks}")
    ranks = stats.rankdata(table, axis=1)
    statistic, p = stats.friedmanchisquare(*table.T)
    return Ranking(
        ranks=dict(zip(values, map(float, ranks.mean(axis=0)), strict=True)),
        tasks=tasks,
        statistic=float(statistic),
        p=float(p),
        difference=critical_difference(methods, tasks),
    )


@dataclass(frozen=True)
class Pair:
    """One method beside another, task by task.

    Attributes:
        wins: On how many tasks its regret is lower; a tie is half a win.
        tasks: Of how many.
        p: Wilcoxon's signed-rank test, two-sided, corrected for all pairs (Holm).
    """

    wins: float
    tasks: int
    p: float


def pairs(rows: Rows, workers: int, mark: float, tasks: Sequence[str], mine: str) -> dict[str, Pair]:
    """One method beside each other one.

    Unlike mean ranks, a pair is not judged by who else was measured (Benavoli, Corani and Mangili, JMLR 17, 2016).
    """
    means = {name: by_task(found, workers) for name, found in rows.items()}
    values = {name: np.array([at(found[task], mark) for task in tasks]) for name, found in means.items()}
    others = [name for name in values if name != mine]
    differences = {name: values[mine] - values[name] for name in others}
    chances = [float(stats.wilcoxon(differences[name]).pvalue) if differences[name].any() else 1.0 for name in others]
    return {
        name: Pair(float(np.sum(differences[name] < 0) + np.sum(differences[name] == 0) / 2), len(tasks), p)
        for name, p in zip(others, holm(chances), strict=True)
    }


def holm(chances: Sequence[float]) -> list[float]:
    """p values corrected for there being several (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    found, largest = [0.0] * len(chances), 0.0
    for left, index in enumerate(np.argsort(chances, kind="stable")):
        largest = max(largest, min(1.0, chances[index] * (len(chances) - left)))
        found[index] = largest
    return found


def critical_difference(methods: int, tasks: int, level: float = 0.05) -> float:
    """Nemenyi's: q sqrt(k (k + 1) / (6 N)), q of the studentized range over sqrt 2 (Demsar, page 11)."""
    q = stats.studentized_range.ppf(1 - level, methods, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(methods * (methods + 1) / (6 * tasks)))


def share_of_time(mine: np.ndarray, reference: np.ndarray, end: float) -> float:
    """When a mean curve first is as low as the reference's last value, as a share of the whole time.

    Between two marks the curve is taken as straight. Infinite if it never comes so low.

    Args:
        mine: Mean regret at each mark, shape [marks].
        reference: The same of what it is compared with.
        end: The mark at which the time ends.
    """
    aim = at(reference, end)
    before_mark, before = 0.0, math.inf
    for mark, regret in zip(MARKS, mine, strict=True):
        if mark > end:
            break
        if regret <= aim:
            way = (before - aim) / (before - regret) if math.isfinite(before) and before > regret else 1.0
            return (before_mark + way * (mark - before_mark)) / end
        before_mark, before = mark, regret
    return math.inf
