"""What must hold between a spec's parent and the ways in which its networks are fitted to new data."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from search_spaces.choice import Architecture
from search_spaces.imported import Imported
from search_spaces.problems import Problem
from search_spaces.transfer.auto import Auto

if TYPE_CHECKING:
    from tuner.spec import SweepSpec


def problems(spec: SweepSpec) -> list[Problem]:
    """Everything about `start_from` and `transfer` that can be known before the parent is fetched."""
    branches = spec.space.slots.get("transfer", ())
    if spec.start_from is None:
        text = "says how a parent's weights are fitted: add start_from: MODEL@champion, or remove this key"
        return [Problem("transfer", text)] if branches else []
    found = []
    autos = [branch for branch in branches if branch.kind is Auto]
    if autos and len(branches) > 1:
        found.append(Problem("transfer", "auto chooses by itself: it cannot stand beside other strategies"))
    if any(len(branch.searched) for branch in autos):
        found.append(Problem("transfer.auto.similarity", "must be one value: high, low or measured"))
    for branch in spec.space.slots["architecture"]:
        own = issubclass(branch.kind, Imported)
        if own or cast(type[Architecture], branch.kind).learning != "supervised":
            text = f"{branch.name} cannot start from a parent: only the platform's supervised networks can"
            found.append(Problem("start_from", text))
    return found
