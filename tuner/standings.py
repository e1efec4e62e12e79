"""What came of a comparison, in numbers: means with their intervals along the way, and every sweep by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median, stdev

import pandas as pd

from tuner.comparison import Outcome


def table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """A row a method: searcher, scheduler, each mark's mean regret and half its 95 % interval, trials, suggestion_ms.

    The interval is Student's, over tasks and seeds together; suggestion_ms is the median of all suggestions.
    """
    marks = outcomes[0].run.contest.marks
    rows = []
    for (searcher, scheduler), own in by_method(outcomes).items():
        row: dict[str, object] = {"searcher": searcher, "scheduler": scheduler}
        for mark, (mean, half) in zip(marks, _intervals([it.marks for it in own]), strict=True):
            row |= {f"regret at {mark:g}": mean, f"± at {mark:g}": half}
        suggesting = [seconds for it in own for seconds in it.suggesting]
        row["trials"] = sum(it.trials for it in own) / len(own)
        row["suggestion_ms"] = 1000 * median(suggesting)
        rows.append(row)
    return pd.DataFrame(rows)


def curves(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Mean regret along the way, a row a method and point: method, trainings, regret, half (of its 95 % interval)."""
    points = outcomes[0].run.contest.points
    return pd.DataFrame(
        {"method": f"{searcher} + {scheduler}", "trainings": point, "regret": mean, "half": half}
        for (searcher, scheduler), own in by_method(outcomes).items()
        for point, (mean, half) in zip(points, _intervals([it.points for it in own]), strict=True)
    )


def single_runs(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """A row a sweep: task, seed, searcher, scheduler, workers, trials, suggestion_ms, and the regret at each mark."""
    return pd.DataFrame(
        {
            "task": it.run.task,
            "seed": it.run.seed,
            "searcher": it.run.searcher,
            "scheduler": it.run.scheduler,
            "workers": it.run.contest.workers,
            "trials": it.trials,
            "suggestion_ms": 1000 * median(it.suggesting),
        }
        | {f"regret at {mark:g}": regret for mark, regret in zip(it.run.contest.marks, it.marks, strict=True)}
        for it in outcomes
    )


def by_method(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], list[Outcome]]:
    """The outcomes of each pair of a searcher and a scheduler, in the order of the contest."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault((outcome.run.searcher, outcome.run.scheduler), []).append(outcome)
    return found


def _intervals(runs: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Of each column of [runs, columns] the mean, and half of its 95 % interval (Student's t); NaN for a single run."""
    from scipy.stats import t

    found = []
    for column in zip(*runs, strict=True):
        spread = stdev(column) / math.sqrt(len(column)) if len(column) > 1 else math.nan
        found.append((fmean(column), float(t.ppf(0.975, len(column) - 1)) * spread if len(column) > 1 else math.nan))
    return found
