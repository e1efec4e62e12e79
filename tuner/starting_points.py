"""The points that a spec gives to be tried first: read whole or in part, and checked against the space."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces import plugins
from search_spaces.combinations import Condition
from search_spaces.dimensions import Among, Between, Dimension, Fixed
from search_spaces.problems import Problem, Problems
from search_spaces.space import Point, Space


def read(raw: Any, space: Space) -> tuple[Point, ...]:
    """The points of the spec's `points`, each with those of its searched parameters that are given.

    A point names parameters by their dotted names or in nested mappings (`architecture: {mlp: {width: 64}}`), and
    choices by their slots (`architecture: mlp`). A setting brings the choice that has it. A fixed setting may be
    named with its own value.

    Args:
        raw: A list of mappings; None for no points.
        space: What may vary.

    Raises:
        Problems: Unknown names, values outside their range, settings of two choices in one slot, a whole point twice.
    """
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise Problems([Problem("points", f"must be a list of points, each a mapping of parameters, got {raw!r:.80}")])
    problems: list[Problem] = []
    points = [_Reader(space, f"points.{place}", problems).point(given) for place, given in enumerate(raw)]
    problems = problems or list(_repeated(points, space))
    if problems:
        raise Problems(problems)
    return tuple(points)


def read_one(raw: Any, space: Space) -> Point:
    """The searched parameters of one point, given as those of `read`, which has its errors too."""
    problems: list[Problem] = []
    point = _Reader(space, "", problems).point(raw)
    if problems:
        raise Problems(problems)
    return point


class _Reader:
    """Reads one point; what is wrong goes to the problems."""

    def __init__(self, space: Space, where: str, problems: list[Problem]) -> None:
        self._where, self._problems = where, problems
        self._searched = space.parameters()
        self._fixed = _fixed(space)
        self._known = self._fixed | self._searched
        self._conditions: dict[str, list[Condition]] = _conditions_of_fixed(space) | space.conditions()

    def point(self, raw: Any) -> Point:
        """The searched parameters that the point gives, as far as they are right."""
        if not isinstance(raw, Mapping) or not raw:
            self._refuse("", f"must be a mapping of parameters, got {raw!r:.80}")
            return {}
        parents = {parent for all_of in self._conditions.values() for parent, _ in all_of}
        found: Point = {}
        for name, value in sorted(self._flat(raw), key=lambda item: item[0] not in parents):  # choices come first
            self._take(found, name, value)
        return {name: found[name] for name in self._searched if name in found}

    def _flat(self, raw: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
        """Dotted names with their values; `architecture: {mlp: {}}` is `architecture: mlp`."""
        for key, value in raw.items():
            name = f"{above}{key}"
            if isinstance(value, Mapping) and value:
                yield from self._flat(value, f"{name}.")
            elif value in ({}, None) and (choice := self._choice(name)):
                yield choice
            else:
                yield name, value

    def _choice(self, name: str) -> tuple[str, str] | None:
        slot, _, choice = name.partition(".")
        return (slot, choice) if slot in self._known and self._known[slot].contains(choice) else None

    def _take(self, found: Point, name: str, value: Any) -> None:
        if name not in self._known:
            self._refuse(name, f"is not a parameter of this space{plugins.suggestion(name, self._known)}")
        elif not fits(self._known[name], value):
            self._refuse(name, _unfit(self._known[name], value))
        elif found.setdefault(name, as_drawn(self._known[name], value)) != value:
            self._refuse(name, f"is given twice, as {found[name]!r} and as {value!r}: keep one of them")
        else:
            self._place(found, name)

    def _place(self, found: Point, name: str) -> None:
        """See that what a parameter hangs on is there: it is, or it follows, or it contradicts."""
        for parent, values in self._conditions.get(name, ()):
            if parent not in found and len(values) == 1:
                found[parent] = values[0]
                self._place(found, parent)
            elif parent in found and found[parent] not in values:
                beside = " or ".join(str(value) for value in values)
                message = f"exists beside {parent} {beside} only, and this point has {parent} {found[parent]}"
                self._refuse(name, f"{message}: keep one of the two")

    def _refuse(self, name: str, message: str) -> None:
        self._problems.append(Problem(".".join(filter(None, (self._where, name))), message))


def _fixed(space: Space) -> dict[str, Dimension]:
    """What has only one value: settings by dotted names, and slots with a single choice."""
    single: dict[str, Dimension] = {
        slot: Fixed(branches[0].name) for slot, branches in space.slots.items() if len(branches) == 1
    }
    return single | {
        branch.parameter(name): dimension
        for branches in space.slots.values()
        for branch in branches
        for name, dimension in branch.dimensions.items()
        if isinstance(dimension, Fixed)
    }


def _conditions_of_fixed(space: Space) -> dict[str, list[Condition]]:
    """A fixed setting, too, belongs to the choice that has it."""
    return {
        branch.parameter(name): [(slot, (branch.name,))]
        for slot, branches in space.slots.items()
        if len(branches) > 1
        for branch in branches
        for name in branch.dimensions
    }


def fits(dimension: Dimension, value: Any) -> bool:
    """Whether the value is one that can be drawn."""
    if not dimension.contains(value):
        return False
    if not isinstance(dimension, Between) or math.isinf(dimension.size):
        return True
    steps = (value - dimension.low) / (dimension.step or 1)
    return math.isclose(steps, round(steps), abs_tol=1e-9)


def as_drawn(dimension: Dimension, value: Any) -> Any:
    """The value in the dimension's own type: 64.0 is 64 among integers."""
    match dimension:
        case Between(integer=True):
            return round(value)
        case Between():
            return float(value)
        case Among(options=options):
            return options[options.index(value)]
        case _:
            return value


def _unfit(dimension: Dimension, value: Any) -> str:
    match dimension:
        case Fixed(value=fixed):
            return f"is fixed at {fixed!r} in this spec, got {value!r}: leave it out, or let the spec search both"
        case Among(options=options):
            hint = plugins.suggestion(value, [option for option in options if isinstance(option, str)])
            return f"must be one of {dimension}, got {value!r}{hint}"
        case _:
            return f"must be in {dimension}, got {value!r}: change it, or widen the range"


def _repeated(points: list[Point], space: Space) -> Iterator[Problem]:
    """Points with nothing left to draw that stand twice."""
    for place, point in enumerate(points):
        if point in points[:place] and is_whole(point, space):
            first = points.index(point)
            yield Problem(f"points.{place}", f"is points.{first} again: a training that was done teaches nothing new")


def is_whole(point: Point, space: Space) -> bool:
    """Whether a point leaves nothing to draw."""
    conditions = space.conditions()
    return all(
        name in point or any(point.get(parent) not in values for parent, values in conditions.get(name, ()))
        for name in space.parameters()
    )
