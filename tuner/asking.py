"""Asking a sweep's driver for something, from another process or thread; and what to do where nobody drives it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from search_spaces.problems import Problems
from search_spaces.space import Point, Space
from tracking import requests
from tracking.lease import Holder, holder
from tracking.ledger import Ledger
from tracking.requests import Request
from tuner import starting_points, taken
from tuner.errors import SpecError, SweepError, UsageError

PATIENCE_SECONDS = 60.0
"""How long to wait for a driver that lives: it may be starting Ray, or deep in an epoch's last batch."""
LOOK_SECONDS = 0.1


class LeftError(SweepError):
    """The driver has left before it took a request."""


def ask(folder: Path, verb: str, arguments: Mapping[str, Any] | None = None) -> str:
    """Ask the driver, and wait until it has taken the request; returns what it did, in words.

    Args:
        folder: The sweep's.
        verb: pause, stop, set or enqueue.
        arguments: With what.

    Raises:
        SweepError: Nobody drives the sweep, the driver has refused, or it does not answer.
    """
    driver = holder(folder)
    if driver is None:
        raise SweepError(f"nobody drives {folder.name}: `tuner resume {folder.name}` goes on with it")
    request = requests.send(folder, verb, arguments)
    _wait(folder, request, driver)
    return answer(Ledger.open(folder), request)


def answer(ledger: Ledger, request: Request) -> str:
    """What was done about a request that was taken, in words; raises `SweepError` if it was refused."""
    found = taken.outcome(ledger.study, request)
    if found is None:
        name, ended = ledger.folder.name, ledger.study.user_attrs.get("ended")
        left = f"{name} is over already: {ended}"
        raise LeftError(left if ended else f"the driver has left {name} before it took the request: ask again")
    if found.refused:
        raise SweepError(found.did)
    return found.did


def checked(point: Any, space: Space) -> Point:
    """The searched parameters of a point to try; raises `SpecError` with all that is wrong with it."""
    try:
        return starting_points.read_one(point, space)
    except Problems as error:
        raise SpecError(error.problems, "point") from error


def check_not_over(ledger: Ledger, verb: str, arguments: Mapping[str, Any]) -> None:
    """Refuse to stop as a whole what is over."""
    ended = ledger.study.user_attrs.get("ended")
    if verb == "stop" and not arguments and ended and all(trial.state.finished for trial in ledger.trials()):
        raise SweepError(f"{ledger.folder.name} is over already: {ended}")


def how_to_go_on(ledger: Ledger, verb: str) -> str:
    """What to add to an answer that was given while nobody drove the sweep."""
    name = ledger.folder.name
    if ledger.study.user_attrs.get("ended"):
        return "" if verb == "stop" else f"; {name} is over: `tuner extend {name}` goes on"
    return f"; nobody drives it: `tuner resume {name}` goes on"


def workers(ledger: Ledger, otherwise: int, check: Callable[[int], object]) -> int:
    """How many trials at once somebody has asked for last, if so many fit where the sweep is driven now."""
    asked = taken.workers_by_hand(ledger.study)
    if asked is None:
        return otherwise
    try:
        check(asked)
    except UsageError:
        return otherwise
    return asked


def _wait(folder: Path, request: Request, driver: Holder) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while requests.is_waiting(folder, request):
        if holder(folder) is None:
            requests.remove(folder, request)
            return
        if time.monotonic() > deadline:
            _refuse_if_over(folder, request, driver)
            late = f"{driver} has not taken the request within {PATIENCE_SECONDS:g} s"
            raise SweepError(f"{late}: it stays in {folder / requests.FOLDER}, and counts when the driver comes to it")
        time.sleep(LOOK_SECONDS)


def _refuse_if_over(folder: Path, request: Request, driver: Holder) -> None:
    """A driver that judges and keeps the best network takes no more requests: none is left for a later turn."""
    if ended := Ledger.open(folder).study.user_attrs.get("ended"):
        requests.remove(folder, request)
        raise SweepError(f"{folder.name} is over ({ended}), and {driver} is about to leave: ask again when it has")
