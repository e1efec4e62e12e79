"""A sweep that exists is to go on with more, or otherwise: what its spec says then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from search_spaces.problems import Problem
from search_spaces.space import SLOTS
from tuner import reading
from tuner.errors import SpecError, SweepError
from tuner.spec import find_file


def laid_over(
    raw: Mapping[str, Any],
    space: str | Path | Mapping[str, Any] | None = None,
    scheduler: Any = None,
    searcher: Any = None,
) -> dict[str, Any]:
    """A spec with another space, scheduler or searcher; raises `SpecError` if the space is not one.

    Args:
        raw: The spec, as `SweepSpec.describe` gives it.
        space: A YAML file, or a mapping like the file's; of its keys those count that say what varies (`dataset`,
            `architecture`, ...). What they leave out stays, but the points to try first go: they belong to the old one.
        scheduler: A name, or {name: {options}}.
        searcher: The same.
    """
    changed: dict[str, Any] = dict(raw)
    if space is not None:
        given = space if isinstance(space, Mapping) else reading.read_yaml(find_file(space))
        slots = {key: value for key, value in given.items() if key in SLOTS}
        if not slots:
            problem = Problem(
                "space", f"must say what varies ({', '.join(SLOTS)}), got only {', '.join(given) or 'nothing'}"
            )
            raise SpecError([problem], str(space) if not isinstance(space, Mapping) else "spec")
        changed = {key: value for key, value in raw.items() if key != "points"} | slots
    given_ones = {"scheduler": scheduler, "searcher": searcher}
    return changed | {key: value for key, value in given_ones.items() if value is not None}


def extended(raw: Mapping[str, Any], more: Mapping[str, float], target: float | None) -> dict[str, Any]:
    """A spec with so much more of each budget, and with another target; raises `SweepError` where that is nothing.

    Args:
        raw: The spec, as `SweepSpec.describe` gives it.
        more: How much is added to each budget, by its name; 0 for those that stay.
        target: The value at which the sweep is to end from now on; the one it had otherwise.
    """
    for key, value in more.items():
        if value < 0 or (not any(more.values()) and target is None):
            name, others = key.replace("_", " "), _names([other for other in more if other != key])
            raise SweepError(
                f"extend needs a positive number of additional {name}, got {value:g}; or of {others}, or another target"
            )
    budget = dict(raw["budget"])
    for key, value in more.items():
        if value and budget[key] is None:
            raise SweepError(f"the sweep has no budget of {key.replace('_', ' ')}, so there is nothing to add to")
        budget[key] = budget[key] + value if value else budget[key]
    return {**raw, "budget": budget, **(_with_target(raw, target) if target is not None else {})}


def _with_target(raw: Mapping[str, Any], target: float) -> dict[str, Any]:
    if "objectives" in raw:
        raise SweepError("a sweep with several objectives has a target for each: start a new sweep with other ones")
    return {"objective": {**raw["objective"], "target": target}}


def _names(keys: Sequence[str]) -> str:
    *first, last = (key.replace("_", " ") for key in keys)
    return f"{', '.join(first)} or {last}"
