"""Ends a worker that hangs, wherever it hangs."""

from __future__ import annotations

import faulthandler
from pathlib import Path

FILE = "hung.txt"


class Alarm:
    """Ends this process when no epoch ends for too long, and leaves in the trial's folder where it stood.

    A watchdog thread of Python's own `faulthandler` does it, which needs nothing of the interpreter: it ends a process
    that is stuck in foreign code just as well.

    Args:
        folder: The trial's.
        seconds: None for a worker that may take as long as it likes.
    """

    def __init__(self, folder: Path, seconds: float | None) -> None:
        self._seconds = seconds
        if seconds is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / FILE).open("w", encoding="utf-8")

    def set(self) -> None:
        """Begin to wait anew."""
        if self._seconds is not None:
            faulthandler.dump_traceback_later(self._seconds, file=self._file, exit=True)

    @staticmethod
    def off() -> None:
        """Wait for nothing."""
        faulthandler.cancel_dump_traceback_later()


def rang(folder: Path) -> bool:
    """Whether the last worker of the trial in this folder was ended because it hung."""
    try:
        return (folder / FILE).stat().st_size > 0
    except FileNotFoundError:
        return False
