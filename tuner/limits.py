"""What ends a sweep before all its trials are done."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass
class Limits:
    """When to stop asking for new trials, besides their number."""

    deadline: float | None = None
    stopping: bool = False
    interrupted: bool = False
    reason: str = ""
    full: bool = False
    """Whether there is no room to keep what happens: nothing more is taken then."""

    def reached(self) -> bool:
        """Whether no new trial may start, and running ones should end with their epoch."""
        if self.deadline is not None and time.monotonic() >= self.deadline and not self.stopping:
            self.stop("the time budget is used up")
        return self.stopping

    def stop(self, reason: str, *, interrupted: bool = False) -> None:
        """Start no new trial, and let running ones end with their epoch; what was interrupted can be resumed."""
        self.stopping, self.interrupted, self.reason = True, interrupted, reason
