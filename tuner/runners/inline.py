"""Trials one after another in this process: for debugging, for small sweeps and for tests."""

from __future__ import annotations

from functools import partial

from tuner import trial
from tuner.assignment import Assignment
from tuner.conductor import Conductor
from tuner.errors import cause_of


def run(conductor: Conductor) -> None:
    """Run the whole sweep."""
    while (job := conductor.next_job()) is not None:
        _run_one(conductor, job)


def _run_one(conductor: Conductor, job: Assignment) -> None:
    try:
        trial.run(job, partial(conductor.report, job.number))
    except Exception as error:  # noqa: BLE001 (whatever a network raises is its trial's failure, never the sweep's)
        conductor.failed(job.number, cause_of(error))
    conductor.finished(job.number)
