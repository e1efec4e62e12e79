"""Sweeps of a home, side by side."""

from __future__ import annotations

from pathlib import Path

from tracking.onlooker import Onlooker
from tracking.versus import Versus, versus
from tuner.errors import UsageError
from tuner.home import Home


def compare(*names: str, home: str | Path | None = None) -> Versus:
    """What differs between sweeps, and what each had found at the same cost.

    Args:
        names: Two sweeps or more.
        home: The folder of all sweeps; `TUNER_HOME`, or `runs`, otherwise.

    Raises:
        UsageError: Fewer than two names, or one twice.
        SweepError: There is no such sweep.
    """
    if len(set(names)) < 2 or len(set(names)) < len(names):
        given = ", ".join(names) or "none"
        raise UsageError(f"two or more different sweeps can be compared, got {given}: `tuner compare A B`")
    where = Home.at(home)
    return versus([Onlooker(where.sweep(name)).record() for name in names])
