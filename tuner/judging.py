"""What can be wrong with the objectives and constraints of a spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from search_spaces import plugins
from search_spaces.problems import Problem
from tracking.goals import Constraint, Objective
from tuner.reported import MEASURED, REPORTED, bounds
from tuner.searchers import Searcher

if TYPE_CHECKING:
    from tuner.spec import SweepSpec


def either_one_or_several(raw: Mapping[str, Any]) -> list[Problem]:
    """Both keys at once."""
    if raw.get("objective") is None or raw.get("objectives") is None:
        return []
    return [Problem("objectives", "stands beside objective: write that one first in the list, and remove its key")]


def problems(spec: SweepSpec) -> Iterator[Problem]:
    """Everything that is wrong with what a sweep is judged by, but for names of metrics."""
    objectives = dict(zip(_paths(spec), spec.goals.objectives, strict=True))
    for path, objective in objectives.items():
        yield from _target_problems(path, objective)
    for constraint in spec.goals.constraints:
        yield from _constraint_problems(constraint)
        for path, objective in objectives.items():
            yield from _contradictions(path, objective, constraint)
    yield from _repeated(spec)
    yield from _searcher_problems(spec)


def named(spec: SweepSpec) -> dict[str, str]:
    """Every metric that the spec names, by where it stands."""
    metrics = {f"{path}.metric": it.metric for path, it in zip(_paths(spec), spec.goals.objectives, strict=True)}
    return metrics | {f"constraints.{it.metric}": it.metric for it in spec.goals.constraints}


def unknown(spec: SweepSpec) -> Iterator[Problem]:
    """Metrics that the platform's own training never reports."""
    known = (*REPORTED, *MEASURED)
    for path, metric in named(spec).items():
        if metric not in known:
            yield Problem(path, f"{metric!r} is never reported{plugins.suggestion(metric, known)}")


def _paths(spec: SweepSpec) -> list[str]:
    return [f"objectives.{place}" for place in range(len(spec.objectives or ()))] or ["objective"]


def _target_problems(path: str, objective: Objective) -> Iterator[Problem]:
    target, (low, high) = objective.target, bounds(objective.metric)
    if target is None:
        return
    worst, best = (low, high) if objective.mode == "max" else (high, low)
    where = f"{path}.target"
    if objective.score(target) > objective.score(best):
        percent = f": as a share it is {target / 100:g}" if high == 1.0 < target <= 100.0 else ""
        yield Problem(where, f"is never reached: {objective.metric} is {_at(best, high)}, got {target:g}{percent}")
    elif objective.score(target) <= objective.score(worst):
        text = f"is reached by every value: {objective.metric} is {_at(worst, high)}, and {objective.mode} is aimed at"
        yield Problem(where, f"{text}, got {target:g}")


def _at(bound: float, high: float) -> str:
    return f"at most {bound:g}" if bound == high else f"at least {bound:g}"


def _constraint_problems(constraint: Constraint) -> Iterator[Problem]:
    where, (low, high) = f"constraints.{constraint.metric}", bounds(constraint.metric)
    least, most = constraint.min, constraint.max
    if least is None and most is None:
        yield Problem(where, "needs min, max or both: {max: 5}")
    elif least is not None and most is not None and least > most:
        yield Problem(where, f"no value keeps it: min {least:g} is above max {most:g}")
    elif (most is not None and most < low) or (least is not None and least > high):
        yield Problem(where, f"no value keeps it: {constraint.metric} lies between {low:g} and {high:g}")


def _contradictions(path: str, objective: Objective, constraint: Constraint) -> Iterator[Problem]:
    if objective.metric != constraint.metric or objective.target is None or constraint.excess(objective.target) <= 0:
        return
    yield Problem(f"{path}.target", f"breaks the constraint {constraint}, got {objective.target:g}: change one of them")


def _repeated(spec: SweepSpec) -> Iterator[Problem]:
    metrics = [objective.metric for objective in spec.objectives or ()]
    for place, metric in enumerate(metrics):
        if metric in metrics[:place]:
            yield Problem(f"objectives.{place}.metric", f"{metric!r} stands twice: remove one")


def _searcher_problems(spec: SweepSpec) -> Iterator[Problem]:
    searcher = spec.searcher_choice
    if len(spec.goals.objectives) == 1 or searcher.several_objectives:
        return
    kinds = [cast(type[Searcher], plugins.find("tuner.searchers", it)) for it in plugins.names("tuner.searchers")]
    able = ", ".join(kind.key() for kind in kinds if kind.several_objectives)
    text = f"{searcher.key()} learns from one objective, the spec has {len(spec.goals.objectives)}"
    yield Problem("searcher", f"{text}: use one of {able}, or make the others constraints")
