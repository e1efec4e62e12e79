"""A space of plain parameters, without slots: what a recorded task searches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from search_spaces import plugins
from search_spaces.combinations import Condition
from search_spaces.dimensions import Among, Between, Dimension, Draws
from search_spaces.problems import Problem, Problems
from search_spaces.space import Branch, Choices, Point, Space

SLOT = "config"
"""The one key of what a flat space suggests: `{"config": {parameter: value}}`."""


@dataclass(frozen=True)
class FlatSpace(Space):
    """Parameters by their own names, some of which exist only beside some values of others.

    Args:
        dimensions: What is searched, by name.
        when: What must hold for a parameter to exist, all of it: parents, each with the values that it may have.

    Raises:
        Problems: A condition names no parameter, or a parameter hangs on itself.
    """

    slots: Mapping[str, tuple[Branch, ...]] = field(default_factory=dict, init=False)
    dimensions: Mapping[str, Between | Among]
    when: Mapping[str, Sequence[Condition]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if problems := list(self._strangers()):
            raise Problems(problems)
        if circle := [name for name in self.dimensions if name not in self._order]:
            raise Problems([Problem(circle[0], "exists only beside itself: its conditions go round in a circle")])

    def parameters(self) -> dict[str, Dimension]:
        """Everything that is searched, by name, parents before what hangs on them."""
        return {name: self.dimensions[name] for name in self._order}

    def conditions(self) -> dict[str, list[Condition]]:
        """What must hold for a parameter to exist, for each that is not part of every point."""
        return {name: list(self.when[name]) for name in self._order if self.when.get(name)}

    def usual(self) -> Point:
        """The point to begin with: the middle of each parameter."""
        found: Point = {}
        for name in self._order:
            if all(parent in found and found[parent] in values for parent, values in self.when.get(name, ())):
                found[name] = self.dimensions[name].usual()
        return found

    def suggest(self, trial: Draws) -> Choices:
        """Draw a point from an Optuna trial: the value of each parameter that exists in it."""
        found: dict[str, Any] = {}
        for name in self._order:
            if all(parent in found and found[parent] in values for parent, values in self.when.get(name, ())):
                found[name] = self.dimensions[name].suggest(trial, name)
        return {SLOT: found}

    def digest(self) -> str:
        """A fingerprint of the space, 16 hex digits: equal spaces have equal ones."""
        text = json.dumps([{name: repr(it) for name, it in self.parameters().items()}, self.conditions()])
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    @cached_property
    def _order(self) -> list[str]:
        """The names as they were given, but parents first; those that hang on themselves are left out."""
        found: list[str] = []
        while ready := [name for name in self.dimensions if name not in found and self._parents(name) <= set(found)]:
            found.append(ready[0])
        return found

    def _parents(self, name: str) -> set[str]:
        return {parent for parent, _ in self.when.get(name, ())}

    def _strangers(self) -> Iterator[Problem]:
        for name in self.when:
            for stranger in ({name} | self._parents(name)) - self.dimensions.keys():
                hint = plugins.suggestion(stranger, self.dimensions)
                yield Problem(name, f"has a condition, but {stranger!r} is not a parameter of this space{hint}")
