"""Ctrl-C while a sweep is driven: once to stop in order, twice to stop at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tuner.limits import Limits


@contextmanager
def ctrl_c(limits: Limits) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) lets running epochs end and stops; the second stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: Any) -> None:
        if limits.interrupted:
            raise KeyboardInterrupt
        limits.stop("interrupted", interrupted=True)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
