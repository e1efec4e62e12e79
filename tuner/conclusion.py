"""The end of a sweep: the best trial's checkpoint meets the test part, once, and is kept as an MLflow model.

Where points were repeated with several seeds, the best is the point with the best mean, and the trial whose network
is taken is its typical one, with the median value (`tracking.repeats`).
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import cast

from tracking import checkpoints
from tracking.ledger import Ledger
from tracking.models import DATA, NETWORK, LoggedModel, ModelError, log_model
from tracking.records import CheckpointRef, TrialRecord
from tracking.repeats import standing_for
from tracking.stores.base import StoreError
from tuner.assignment import Assignment
from tuner.conductor import Conductor
from tuner.errors import cause_of
from tuner.tracks import Tracks

_NOT_YET = "the best network is not kept as an MLflow model yet%s; `tuner resume %s` does so when MLflow takes it"
_log = logging.getLogger(__name__)


def conclude(ledger: Ledger, conductor: Conductor, tracked: Tracks) -> None:
    """Judge and keep the best trial's network, unless this very checkpoint was judged and kept before."""
    best = standing_for(ledger.record())
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
        _keep_or_warn(ledger, best, assignment, tracked)


def _known(ledger: Ledger, key: str) -> str | None:
    found: str | None = ledger.study.user_attrs.get(key, {}).get("checkpoint")
    return found


def _judge(ledger: Ledger, best: TrialRecord, checkpoint: CheckpointRef, assignment: Assignment) -> None:
    from tuner import trial

    found = trial.test(assignment, checkpoint)
    if found.metrics:
        when = int(time.time() * 1000)
        whose = {"trial": best.number, "step": checkpoint.step, "checkpoint": checkpoint.digest}
        counts = {"samples": counted} if (counted := _samples(assignment)) else {}
        ledger.note("test", {**whose, "time": when, "metrics": found.metrics, "spreads": found.spreads, **counts})


def _samples(assignment: Assignment) -> dict[str, int]:
    """How many samples the parts have that networks are judged on; a user's own data module does not say."""
    from tuner.datasets import read_data

    choice = assignment.choices["dataset"]
    data = None if "module" in choice else read_data(choice)
    return {"validation": len(data.validation), "test": len(data.test)} if data else {}


def _keep_or_warn(ledger: Ledger, best: TrialRecord, assignment: Assignment, tracked: Tracks) -> None:
    """A server that is away, or a network that cannot be exported, leaves the checkpoint as it is."""
    from mlflow.exceptions import MlflowException

    name = ledger.study.study_name
    if not tracked.projection.catch_up() or (run := tracked.projection.run_of(best.number)) is None:
        _log.warning(_NOT_YET, "", name)
        return
    try:
        keep(ledger, run, best, assignment, tracked.uri)
    except ModelError as error:
        _log.warning("the best network was not kept as an MLflow model: %s", cause_of(error))
    except (StoreError, MlflowException, OSError) as error:
        _log.warning(_NOT_YET, f": {cause_of(error)}", name)


def keep(ledger: Ledger, run: str, trial: TrialRecord, assignment: Assignment, uri: str) -> LoggedModel:
    """Log the network of a trial's checkpoint as a model of its run, with what rebuilds it; the ledger notes it.

    Raises:
        ModelError: The network cannot be exported.
    """
    from tuner import building, restoring
    from tuner.trial import load

    checkpoint = cast(CheckpointRef, trial.checkpoint)
    network, example = building.build_exportable(assignment, load(checkpoint)["state_dict"])
    name = f"{ledger.study.study_name}-best"
    files = {
        Path(NETWORK).name: restoring.network_file(assignment),
        Path(DATA).name: building.preparation_of(assignment),
    }
    model = log_model(uri, run, network, example, name, step=checkpoint.step, files=files)
    ledger.note("model", {"trial": trial.number, "checkpoint": checkpoint.digest, "uri": model.uri, "run": run})
    return model
