"""The folder is the list: what a folder of choices holds, and how to find one by its name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from search_spaces.choice import Choice


class UnknownNameError(LookupError):
    """A name that no file in the folder has."""


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names in a folder (a package, `search_spaces.architectures`), in alphabetical order."""
    package = importlib.import_module(folder)
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.name[0] != "_"))


def find(folder: str, name: str) -> type[Choice]:
    """The choice of that name; an unknown one names the nearest."""
    if name not in names(folder):
        kind = folder.rsplit(".", 1)[-1]
        raise UnknownNameError(f"{name!r} is not one of the {kind}{suggestion(name, names(folder))}")
    return _only_choice(importlib.import_module(f"{folder}.{name}"))


def suggestion(name: object, known: Iterable[str]) -> str:
    """How an error goes on after an unknown name: the nearest known one, or all of them."""
    known = list(known)
    if near := difflib.get_close_matches(str(name), known, n=1, cutoff=0.6):
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def _only_choice(module: ModuleType) -> type[Choice]:
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Choice) and item.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__file__} must define exactly one choice, it defines {len(found)}")
    return found[0]
