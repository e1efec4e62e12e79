"""What runs on a Ray worker; imported there, so it imports no more than a worker needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import tune

from tracking.records import Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.errors import cause_of

FAILED = "failed"
SAID = "said/"


def train(config: Mapping[str, Any]) -> None:
    """Run an assignment. An error of the trial's own is reported, so that Tune restarts only what was killed."""
    try:
        trial.run(Assignment.from_json(config["assignment"]), _report)
    except Exception as error:  # noqa: BLE001 (whatever a network raises is its trial's failure, never the sweep's)
        tune.report({FAILED: cause_of(error)})


def _report(said: Report) -> bool:
    kept = [said.checkpoint.path, said.checkpoint.digest] if said.checkpoint else None
    metrics = {f"{SAID}{name}": value for name, value in said.metrics.items()}
    tune.report({"step": said.step, "trained": said.seconds, "kept": kept, **metrics})
    return True  # a trial that is to stop never comes back from tune.report
