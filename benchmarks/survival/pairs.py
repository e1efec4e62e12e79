"""Every searcher with every scheduler that it goes with."""

from __future__ import annotations

from functools import cache

from search_spaces import plugins
from survival.place import SPEC
from tuner.errors import SpecError
from tuner.spec import SweepSpec

EXACT = ("none", "asha", "hyperband", "median", "freeze_thaw")
"""The schedulers with which an interrupted sweep equals an uninterrupted one, one trial at a time."""


@cache
def valid() -> tuple[tuple[str, str], ...]:
    """(searcher, scheduler) for all that can work together."""
    schedulers = plugins.names("tuner.schedulers")
    both = [(searcher, scheduler) for searcher in plugins.names("tuner.searchers") for scheduler in schedulers]
    return tuple(pair for pair in both if _works(*pair))


def exact() -> tuple[tuple[str, str], ...]:
    """Those of them whose sweeps are compared with undisturbed ones: what was measured is known by its place here."""
    found = [pair for pair in valid() if pair[1] in EXACT]
    return tuple(sorted(found, key=lambda pair: pair[1] == "freeze_thaw"))


def _works(searcher: str, scheduler: str) -> bool:
    try:
        SweepSpec.read({**SPEC, "searcher": searcher, "scheduler": scheduler})
    except SpecError:
        return False
    return True
