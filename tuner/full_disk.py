"""A full disk: the sweep stops where it stands and can be resumed; no trial is blamed for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from tracking import disk

if TYPE_CHECKING:
    from tuner.conductor import Conductor
    from tuner.limits import Limits

P = ParamSpec("P")
T = TypeVar("T")
_Method = Callable[Concatenate["Conductor", P], T]


def stops(otherwise: Any) -> Callable[[_Method[P, T]], _Method[P, T]]:
    """Make a conductor's method stop the sweep when it finds the disk full, and return `otherwise` then.

    What was decided but could not be written is found again by the replay, as after a kill.
    """

    def guarding(method: _Method[P, T]) -> _Method[P, T]:
        @wraps(method)
        def guarded(conductor: Conductor, *args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(conductor, *args, **kwargs)
            except OSError as error:
                if not disk.is_full(error):
                    raise
                stop(conductor.limits, conductor.ledger.folder)
                return cast(T, otherwise)

        return guarded

    return guarding


@contextmanager
def stopping(limits: Limits, folder: Path) -> Iterator[None]:
    """End what is inside when the disk is full, as an interrupted sweep."""
    try:
        yield
    except OSError as error:
        if not disk.is_full(error):
            raise
        stop(limits, folder)


def stop(limits: Limits, folder: Path) -> None:
    """Let the sweep in a folder end as an interrupted one, and say why."""
    limits.stop(in_words(folder, f"then `tuner resume {folder.name}`"), interrupted=True)
    limits.full = True


def in_words(folder: Path, remedy: str) -> str:
    """One line for the user: which disk is full, and what to do."""
    return f"the disk of {disk.fullest(folder)} is full: free some, {remedy}"
