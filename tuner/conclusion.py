"""The end of a sweep: the best trial's checkpoint meets the test part, once, and is kept as an MLflow model."""

from __future__ import annotations

import logging
import time

from tracking import checkpoints
from tracking.ledger import Ledger
from tracking.models import ModelError, log_model
from tracking.records import CheckpointRef, TrialRecord
from tracking.stores.base import StoreError
from tuner.assignment import Assignment
from tuner.conductor import Conductor
from tuner.errors import cause_of
from tuner.tracks import Tracks

_log = logging.getLogger(__name__)


def conclude(ledger: Ledger, conductor: Conductor, tracked: Tracks) -> None:
    """Judge and keep the best trial's network, unless this very checkpoint was judged and kept before."""
    best = ledger.record().best()
    if best is None or best.checkpoint is None:
        return
    if not checkpoints.whole(best.checkpoint):
        _log.warning("the best checkpoint is damaged, so it is neither judged nor kept: %s", best.checkpoint.path)
        return
    assignment = conductor.assignment(best, best.checkpoint.step)
    if _known(ledger, "test") != best.checkpoint.digest:
        _judge(ledger, best, best.checkpoint, assignment)
        tracked.projection.nudge()
    if _known(ledger, "model") != best.checkpoint.digest:
        _keep(ledger, best, best.checkpoint, assignment, tracked)


def _known(ledger: Ledger, key: str) -> str | None:
    found: str | None = ledger.study.user_attrs.get(key, {}).get("checkpoint")
    return found


def _judge(ledger: Ledger, best: TrialRecord, checkpoint: CheckpointRef, assignment: Assignment) -> None:
    from tuner import trial

    metrics = trial.test(assignment, checkpoint)
    if metrics:
        when = int(time.time() * 1000)
        whose = {"trial": best.number, "step": checkpoint.step, "checkpoint": checkpoint.digest}
        ledger.note("test", {**whose, "time": when, "metrics": metrics})


def _keep(
    ledger: Ledger, best: TrialRecord, checkpoint: CheckpointRef, assignment: Assignment, tracked: Tracks
) -> None:
    """A server that is away, or a network that cannot be exported, leaves the checkpoint as it is."""
    from mlflow.exceptions import MlflowException

    from tuner import building, trial

    if not tracked.projection.catch_up() or (run := tracked.projection.run_of(best.number)) is None:
        return
    try:
        network, example = building.build_exportable(assignment, trial.load(checkpoint)["state_dict"])
        name = f"{ledger.study.study_name}-best"
        model = log_model(tracked.uri, run, network, example, name, step=checkpoint.step)
    except (ModelError, StoreError, MlflowException, OSError) as error:
        _log.warning("the best network was not kept as an MLflow model: %s", cause_of(error))
        return
    ledger.note("model", {"trial": best.number, "checkpoint": checkpoint.digest, "uri": model.uri})
