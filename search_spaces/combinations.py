"""Every point of a conditional space, counted and numbered without listing them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from search_spaces.dimensions import Value

Condition = tuple[str, tuple[Value, ...]]
"""A parameter exists beside these values of that other one, its parent."""
Conditions = Mapping[str, Sequence[Condition]]
"""Parameters that do not exist in every point, each with all that must hold for it."""


@dataclass(frozen=True)
class Combinations:
    """All combinations of the parameters' values, in order: the first parameter changes last.

    Args:
        values: The values of each parameter.
        conditions: What must hold for a parameter to exist; a condition on a parameter that does not exist fails.
    """

    values: Mapping[str, Sequence[Value]]
    conditions: Conditions

    @cached_property
    def size(self) -> int:
        """How many there are."""
        return math.prod(self._sizes)

    def at(self, index: int) -> dict[str, Value]:
        """The combination of that number, from 0 to `size` - 1."""
        places = []
        for size in reversed(self._sizes):
            index, place = divmod(index, size)
            places.append(place)
        parts = zip(self._parts, reversed(places), strict=True)
        return {name: value for part, place in parts for name, value in part._inside(place).items()}

    def __iter__(self) -> Iterator[dict[str, Value]]:
        return (self.at(index) for index in range(self.size))

    def _inside(self, place: int) -> dict[str, Value]:
        """The combination of that number, if nothing here can be chosen independently of the rest."""
        if len(self.values) == 1:
            return {self._head: self.values[self._head][place]}
        for value in self.values[self._head]:
            rest = self._beside(value)
            if place < rest.size:
                return {self._head: value} | rest.at(place)
            place -= rest.size
        raise IndexError(place)

    @cached_property
    def _sizes(self) -> list[int]:
        return [part._own_size() for part in self._parts]

    def _own_size(self) -> int:
        values = self.values[self._head]
        return len(values) if len(self.values) == 1 else sum(self._beside(value).size for value in values)

    @cached_property
    def _parts(self) -> list[Combinations]:
        """What can be chosen independently of one another."""
        groups: list[list[str]] = []
        for name in self.values:
            near = {name, *(parent for parent, _ in self.conditions.get(name, ()))}
            joined = [group for group in groups if near & {*group, *self._parents(group)}]
            groups = [group for group in groups if group not in joined]
            groups.append([*(other for group in joined for other in group), name])
        order = list(self.values)
        groups = sorted((sorted(group, key=order.index) for group in groups), key=lambda group: order.index(group[0]))
        return [Combinations({it: self.values[it] for it in group}, self.conditions) for group in groups]

    def _parents(self, names: Sequence[str]) -> set[str]:
        return {parent for name in names for parent, _ in self.conditions.get(name, ())}

    @cached_property
    def _head(self) -> str:
        """A parameter that exists in any case, one on which others hang if there are such."""
        free = [name for name in self.values if not self.conditions.get(name)]
        return next((name for name in free if name in self._parents(list(self.values))), free[0])

    def _beside(self, value: Value) -> Combinations:
        """What is left to combine once the head has that value."""
        left: dict[str, list[Condition]] = {}
        for name in self.values:
            conditions = self.conditions.get(name, ())
            if name != self._head and all(value in allowed for parent, allowed in conditions if parent == self._head):
                left[name] = [condition for condition in conditions if condition[0] != self._head]
        while orphans := [name for name, all_of in left.items() if any(parent not in left for parent, _ in all_of)]:
            left = {name: conditions for name, conditions in left.items() if name not in orphans}
        return Combinations({name: self.values[name] for name in left}, left)
