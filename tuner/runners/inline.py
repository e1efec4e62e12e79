"""Trials one after another in this process: for debugging, for small sweeps and for tests."""

from __future__ import annotations

import time
from collections.abc import Callable

from tracking.records import Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.conductor import Conductor
from tuner.errors import HungError, cause_of
from tuner.failures import hung


def nothing() -> None:
    """There is nothing to do meanwhile."""


def run(conductor: Conductor, meanwhile: Callable[[], None] = nothing) -> None:
    """Run the whole sweep.

    Args:
        conductor: The sweep's.
        meanwhile: Is called between trials, and after every batch of one.
    """
    meanwhile()
    while (job := conductor.next_job()) is not None:
        _run_one(conductor, job, meanwhile)
        meanwhile()


def _run_one(conductor: Conductor, job: Assignment, meanwhile: Callable[[], None]) -> None:
    patience = _Patience(job.timeout)

    def report(said: Report) -> bool:
        patience.renew()
        return conductor.report(job.number, said)

    def between() -> None:
        meanwhile()
        patience.check()

    try:
        trial.run(job, report, between)
    except SystemExit:
        if conductor.limits.interrupted:  # what Lightning makes of a second Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except HungError as error:
        conductor.lost(job.number, str(error))
    except Exception as error:  # noqa: BLE001 (whatever a network raises is its trial's failure, never the sweep's)
        conductor.failed(job.number, cause_of(error))
        conductor.finished(job.number)
    else:
        conductor.finished(job.number)


class _Patience:
    """How long an epoch may take. A batch that never ends is not noticed: that takes a process of its own, as on Ray.

    Args:
        seconds: None for as long as it likes.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """An epoch has ended."""
        self._since = time.monotonic()

    def check(self) -> None:
        """Raise `HungError` when the epoch takes too long."""
        if self._seconds is not None and time.monotonic() - self._since > self._seconds:
            raise HungError(hung(self._seconds))
