"""The mailbox of a sweep: what other processes ask of its driver, one file a request."""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

FOLDER = "requests"
POLL_SECONDS = 0.5
"""How often a driver looks into its mailbox at most."""


@dataclass(frozen=True)
class Request:
    """Something that is asked of a sweep's driver.

    Attributes:
        id: Names its file; ids sort in the order in which they were asked on one machine.
        verb: What is asked: pause, stop, set or enqueue.
        arguments: With what.
        by: Who asked.
    """

    id: str
    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""


def send(folder: Path, verb: str, arguments: Mapping[str, Any] | None = None) -> Request:
    """Put a request into a sweep's mailbox: on disk whole, or not at all.

    Args:
        folder: The sweep's.
        verb: What is asked.
        arguments: With what, as JSON.
    """
    request = Request(f"{time.time_ns():020}-{uuid4().hex[:8]}", verb, dict(arguments or {}), _sender())
    mailbox = folder / FOLDER
    mailbox.mkdir(exist_ok=True)
    unfinished = mailbox / f".{request.id}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(asdict(request), file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(_file(folder, request.id))
    return request


def waiting(folder: Path) -> list[Request]:
    """The requests that were not taken yet, in the order in which they were asked; what is no request is left out."""
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        with suppress(FileNotFoundError, ValueError, TypeError):
            found.append(Request(**json.loads(path.read_text(encoding="utf-8"))))
    return found


def is_waiting(folder: Path, request: Request) -> bool:
    """Whether nobody has taken a request yet."""
    return _file(folder, request.id).exists()


def remove(folder: Path, request: Request) -> None:
    """Take a request out of the mailbox."""
    _file(folder, request.id).unlink(missing_ok=True)


class Mailbox:
    """A driver's own mailbox: looking into it costs one listing of an empty folder, every `POLL_SECONDS` at most.

    Args:
        folder: The sweep's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked = float("-inf")

    def news(self) -> list[Request]:
        """What waits; nothing if the driver has just looked."""
        now = time.monotonic()
        if now - self._looked < POLL_SECONDS:
            return []
        self._looked = now
        return waiting(self._folder)

    def remove(self, request: Request) -> None:
        """Take a request out: what it asked for is done, and noted."""
        remove(self._folder, request)


def _file(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"


def _sender() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
