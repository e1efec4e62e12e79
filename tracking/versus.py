"""Sweeps side by side: what differs between them, and what each had found at the same cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tracking.costs import COSTS, best_at, reports
from tracking.records import State, SweepRecord
from tracking.repeats import configurations, repeats_of

MARKS = 8
"""At so many costs, evenly spaced up to the least that a sweep spent, the best values are compared."""
_UNSAID = ("name",)


@dataclass(frozen=True)
class Versus:
    """Two or more sweeps side by side.

    Attributes:
        facts: A row a sweep: objective, trials, failed, epochs, seconds, best value, whose, and its interval where
            seeds were repeated.
        differences: A row a fact in which they differ: settings by dotted name, data, code, packages; a column a sweep.
        costs: A row a cost: in which `unit`, how much (`cost`), then each sweep's best value by then.
        comparable: Whether the values are of the same metric on the same data.
    """

    facts: pd.DataFrame
    differences: pd.DataFrame
    costs: pd.DataFrame
    comparable: bool


def versus(sweeps: Sequence[SweepRecord]) -> Versus:
    """Put sweeps side by side.

    Args:
        sweeps: Two or more, of different names.
    """
    facts = pd.DataFrame([_facts(sweep) for sweep in sweeps])
    told = [_told(sweep) for sweep in sweeps]
    aims = {(sweep.objective.metric, sweep.objective.mode) for sweep in sweeps}
    data = {tuple(sorted(sweep.attributes.get("data", {}).items())) for sweep in sweeps}
    return Versus(facts, _differences(sweeps, told), _costs(sweeps), len(aims) == len(data) == 1)


def _facts(sweep: SweepRecord) -> dict[str, Any]:
    found = configurations(sweep)
    repeated = repeats_of(sweep) > 1 and bool(found)
    best = sweep.best()
    point = best.best(sweep.objective) if best else None
    mean = found[0].mean if repeated else None
    return {
        "sweep": sweep.name,
        "objective": f"{sweep.objective.metric} {sweep.objective.mode}",
        "trials": len(sweep.trials),
        "failed": sum(trial.state is State.FAIL for trial in sweep.trials),
        "epochs": sum(trial.epochs for trial in sweep.trials),
        "seconds": sum(trial.seconds for trial in sweep.trials),
        "best": point[1] if point else None,
        "trial": best.number if best else None,
        "architecture": best.choice("architecture") if best else None,
        "seeds": repeats_of(sweep),
        "mean": mean.mean if mean else None,
        "low": mean.low if mean and mean.count > 1 else None,
        "high": mean.high if mean and mean.count > 1 else None,
        "test": _test(sweep),
        "ended": sweep.attributes.get("ended"),
    }


def _test(sweep: SweepRecord) -> float | None:
    """What the objective's metric came to on the test part, if it was read."""
    metrics: Mapping[str, float] = sweep.attributes.get("test", {}).get("metrics", {})
    return metrics.get(sweep.objective.metric.replace("val/", "test/", 1))


def _told(sweep: SweepRecord) -> dict[str, Any]:
    """Everything that may differ, by dotted name."""
    spec = {key: value for key, value in sweep.spec.items() if key not in _UNSAID}
    made_with: Mapping[str, Any] = sweep.attributes.get("made_with", {})
    around = {"code": {**made_with.get("git", {}), **made_with.get("sources", {})}}
    around |= {"data": sweep.attributes.get("data", {}), "packages": made_with.get("packages", {})}
    return dict(_flat({**spec, **around}))


def _flat(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{above}.{key}" if above else str(key))
    else:
        yield above, value


def _differences(sweeps: Sequence[SweepRecord], told: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = [sweep.name for sweep in sweeps]
    rows = []
    for key in dict.fromkeys(key for each in told for key in each):
        values = [each.get(key) for each in told]
        if any(value != values[0] for value in values):
            rows.append([key, *(None if value is None else str(value) for value in values)])
    return pd.DataFrame(rows, columns=["what", *names])


def _costs(sweeps: Sequence[SweepRecord]) -> pd.DataFrame:
    histories = [reports(sweep) for sweep in sweeps]
    rows = [row for unit in COSTS for row in _at_marks(sweeps, histories, unit)]
    return pd.DataFrame(rows, columns=["unit", "cost", *(sweep.name for sweep in sweeps)])


def _at_marks(sweeps: Sequence[SweepRecord], histories: Sequence[pd.DataFrame], unit: str) -> Iterator[list[Any]]:
    """Up to what every sweep spent, so that none is judged by what it alone went on to."""
    least = min((float(it[unit].iloc[-1]) if len(it) else 0.0) for it in histories)
    marks = [least * place / MARKS for place in range(1, MARKS + 1)]
    if unit == "epochs":
        marks = sorted({float(round(mark)) for mark in marks if round(mark)})
    values = [
        best_at(history, unit, marks, sweep.objective.mode == "max")
        for sweep, history in zip(sweeps, histories, strict=True)
    ]
    for place, mark in enumerate(marks if least else []):
        yield [unit, mark, *(each[place] for each in values)]
