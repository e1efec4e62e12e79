"""What runs on a Ray worker; imported there, so it imports no more than a worker needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray import tune

from tracking.records import Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.errors import cause_of
from tuner.runners.alarm import Alarm

FAILED = "failed"
SAID = "said/"


def train(config: Mapping[str, Any]) -> None:
    """Run an assignment. An error of the trial's own is reported, so that only workers that died are tried again."""
    job = Assignment.from_json(config["assignment"])
    cause = None
    try:
        alarm = Alarm(job.folder, job.timeout)
        alarm.set()
        trial.run(job, _reporter(alarm))
    except Exception as error:  # noqa: BLE001 (whatever a network raises is its trial's failure, never the sweep's)
        cause = cause_of(error)
    finally:
        Alarm.off()
    if cause is not None:  # by now nothing holds what the training had in memory
        tune.report({FAILED: cause})


def _reporter(alarm: Alarm) -> Callable[[Report], bool]:
    def report(said: Report) -> bool:
        alarm.off()  # how long the driver takes is not the trial's fault
        kept = [said.checkpoint.path, said.checkpoint.digest] if said.checkpoint else None
        metrics = {f"{SAID}{name}": value for name, value in said.metrics.items()}
        tune.report({"step": said.step, "trained": said.seconds, "kept": kept, **metrics})
        alarm.set()
        return True  # a trial that is to stop never comes back from tune.report

    return report
