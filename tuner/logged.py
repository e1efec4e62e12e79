"""The MLflow model of a checkpoint: the one that its sweep logged, or one that is logged now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException

from tracking.lease import LeaseError, driving
from tracking.ledger import Ledger
from tracking.models import ModelError
from tracking.projection import Projection, follow
from tracking.provenance import provenance
from tracking.stores.on_mlflow import OnMlflow, client_of
from tuner.assigning import assignment_of
from tuner.errors import SweepError, UsageError, cause_of

if TYPE_CHECKING:
    from tuner.promotion import Candidate


def logged_model(candidate: Candidate) -> tuple[str, str]:
    """The `models:/m-...` and the run of a candidate's network; logged now if the sweep's end could not.

    Raises:
        SweepError: MLflow is away, or the network cannot be exported.
    """
    uri = candidate.sweep.home.tracking_uri
    noted = candidate.record.attributes.get("model", {})
    if noted.get("checkpoint") == candidate.checkpoint.digest and (run := _ready(uri, noted["uri"])):
        return str(noted["uri"]), run
    return _log(candidate)


def check_experiment(uri: str, name: str) -> None:
    """Refuse a sweep whose MLflow experiment was deleted: a version would be made of what nobody can look up."""
    found = client_of(uri).get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "deleted":
        how = f"`mlflow experiments restore --experiment-id {found.experiment_id}`"
        raise UsageError(f"the MLflow experiment {name!r} is deleted: {how} or `tuner track {name}` brings it back")


def _ready(uri: str, model: str) -> str | None:
    """The run of a logged model that is there and whole."""
    try:
        found = client_of(uri).get_logged_model(model.rpartition("/")[2])
    except MlflowException:
        return None
    return str(found.source_run_id) if found.status == "READY" else None


def _log(candidate: Candidate) -> tuple[str, str]:
    from tuner import conclusion

    sweep, trial = candidate.sweep, candidate.trial
    uri = sweep.home.tracking_uri
    try:
        with driving(sweep.folder):
            ledger = Ledger.open(sweep.folder, read_only=False)
            run = _run_of(candidate)
            assignment = assignment_of(sweep.spec, ledger, trial, candidate.checkpoint.step)
            model = conclusion.keep(ledger, run, trial, assignment, uri)
    except LeaseError as error:
        raise SweepError(str(error)) from error
    except (ModelError, MlflowException, OSError) as error:
        raise SweepError(f"the network could not be kept as an MLflow model: {cause_of(error)}") from error
    return model.uri, run


def _run_of(candidate: Candidate) -> str:
    """The trial's run; the whole sweep is shown first, should MLflow not have it."""
    home = candidate.sweep.home
    store = OnMlflow(home.tracking_uri, None if home.tracking_uri.startswith("http") else home.artifacts)
    projection = Projection(follow(candidate.sweep.folder), store, facts=provenance(Path.cwd()))
    if not projection.catch_up() or (run := projection.run_of(candidate.trial.number)) is None:
        raise SweepError(
            f"MLflow does not have trial {candidate.trial.number}: {projection.problem or 'it has no run'}"
        )
    return run
