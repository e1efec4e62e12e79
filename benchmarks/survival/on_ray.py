"""A sweep on Ray, whose processes are found below its driver's and are gone afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from survival.drivers import Driver
from survival.place import Place

TEMPORARY = "r"
"""Ray's own folder in the place's: the path of a Unix socket is short."""


def prepare(place: Place, workers: int = 2) -> None:
    """Let the place's sweep run on so many workers of a Ray of its own."""
    place.spec |= {"resources": {"workers": workers}}
    place.environment["RAY_TMPDIR"] = str(place.folder / TEMPORARY)
    place.environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)


def below(driver: Driver, word: str) -> list[psutil.Process]:
    """The processes below a driver whose command line, or title, has a word."""
    with suppress(psutil.NoSuchProcess):
        return [it for it in psutil.Process(driver.process).children(recursive=True) if _says(it, word)]
    return []


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill processes that may be gone already."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def sessions(place: Place) -> list[Path]:
    """The folders of Ray's sessions of this place."""
    return sorted((place.folder / TEMPORARY).glob("ray/session_2*")) + sorted(
        (place.folder / TEMPORARY).glob("session_2*")
    )


def _says(process: psutil.Process, word: str) -> bool:
    with suppress(psutil.NoSuchProcess):
        return word in " ".join(process.cmdline()) or word in process.name()
    return False
