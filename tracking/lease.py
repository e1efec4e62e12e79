"""The lease of a sweep's one driver: who writes its ledger now."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

FILE = "driver.json"
BEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
"""A driver on another host that was not heard of for so long is taken to be dead."""


class LeaseError(Exception):
    """Another driver holds the sweep."""


@dataclass(frozen=True)
class Holder:
    """A driver: its host, its process, when that process began, and when it was last heard of (Unix seconds)."""

    host: str
    process: int
    began: float
    heard: float

    @property
    def alive(self) -> bool:
        """Whether it still drives: on this host its process tells, on another one its heartbeat."""
        if self.host != socket.gethostname():
            return time.time() - self.heard < STALE_SECONDS
        try:
            process = psutil.Process(self.process)
            return abs(process.create_time() - self.began) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def silence(self) -> float:
        """Seconds since it was last heard of."""
        return max(0.0, time.time() - self.heard)

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


def holder(folder: Path) -> Holder | None:
    """The sweep's living driver; None if nobody drives it."""
    try:
        found = Holder(**json.loads((folder / FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if found.alive else None


@contextmanager
def driving(folder: Path) -> Iterator[None]:
    """Hold a sweep while driving it, with a heartbeat; refused while another driver lives."""
    with _alone(folder):
        if other := holder(folder):
            how = f"wait for it, pause it with `tuner pause {folder.name}`, or interrupt it with Ctrl-C there"
            raise LeaseError(f"the sweep is being driven by {other}: {how}")
        _beat(folder)
    over = threading.Event()
    heart = threading.Thread(target=_keep_beating, args=(folder, over), name="lease", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
        (folder / FILE).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else looks at the lease and takes it meanwhile; the system lets go of the folder if this process dies."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _keep_beating(folder: Path, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        with suppress(OSError):  # a disk that is full now may have room for the next beat
            _beat(folder)


def _beat(folder: Path) -> None:
    me = psutil.Process()
    unfinished = folder / f".{FILE}.{me.pid}"
    unfinished.write_text(json.dumps(asdict(Holder(socket.gethostname(), me.pid, me.create_time(), time.time()))))
    unfinished.replace(folder / FILE)
