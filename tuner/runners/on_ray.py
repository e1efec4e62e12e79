"""Trials on Ray Tune: its workers, its placement, its restarts; the conductor's decisions."""

from __future__ import annotations

import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ray
from ray import tune
from ray.tune import PlacementGroupFactory
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tracking.records import CheckpointRef, Report
from tuner import machine
from tuner.assignment import Assignment
from tuner.conductor import Conductor
from tuner.errors import UsageError
from tuner.failures import hung
from tuner.runners import alarm, leaving
from tuner.runners.worker import FAILED, SAID, train

QUIET = {
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_AUTO_CALLBACK_SYNCER": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
}

DIED = "its worker was killed from outside, or ran out of memory"
DEATHS = {
    "its node has died": "its node was lost",
    "low on memory": "its worker was ended because its node ran out of memory",
}
"""What Ray says of a worker's death, in our words."""


def run(
    conductor: Conductor,
    workers: int | None = None,
    address: str | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Run the whole sweep on a Ray cluster: the one at `address`, or one started here for the purpose.

    A worker that dies ends its Tune trial. The conductor issues the trial again, as a new one, or gives it up: so the
    ledger counts, and a resumed sweep goes on counting.

    Args:
        conductor: The sweep's; how many trials run at once is what it says at every moment.
        workers: How many that are from now on; as many as it says already otherwise.
        address: The cluster's.
        meanwhile: Is called between events, several times a second.
    """
    conductor.workers = workers or conductor.workers
    with _environment(), _cluster(conductor, address), tempfile.TemporaryDirectory() as scratch:
        resources = conductor.spec.resources
        trainable = tune.with_resources(train, PlacementGroupFactory([{"CPU": resources.cpus, "GPU": resources.gpus}]))
        tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=_Jobs(conductor),
                scheduler=_Decisions(conductor),
                num_samples=-1,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="sweep",
                storage_path=scratch,
                verbose=0,
                callbacks=[_Meanwhile(meanwhile)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0),
            ),
        ).fit()


class _Unsaved:
    """Tune writes its searcher and scheduler to disk for a restore that is never made: the ledger remembers."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


class _Jobs(_Unsaved, Searcher):
    """The conductor's jobs, as Tune asks for suggestions."""

    def __init__(self, conductor: Conductor) -> None:
        super().__init__()
        self._conductor = conductor

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """A job; None while all workers are busy; FINISHED when all is done."""
        if self._conductor.running >= self._conductor.workers:
            return None
        job = self._conductor.next_job()
        if job is None:
            return None if self._conductor.running else Searcher.FINISHED
        return {"assignment": job.to_json()}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing: the scheduler's side is told, with more to go by."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the ledger remembers."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the ledger remembers."""


class _Meanwhile(_Unsaved, tune.Callback):
    """Has something done in each turn of Tune's loop."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile

    def on_step_begin(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Nothing happens for the moment."""
        self._meanwhile()


class _Decisions(_Unsaved, TrialScheduler):
    """The conductor's decisions, as Tune reports results. A pause ends the Tune trial: its job will be a new one."""

    _supports_buffered_results = False

    def __init__(self, conductor: Conductor) -> None:
        super().__init__()
        self._conductor = conductor

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """Nothing: the conductor made it."""

    def on_trial_result(self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]) -> str:
        """Hand the report on."""
        number = _number(trial)
        if FAILED in result:
            self._conductor.failed(number, result[FAILED])
            return TrialScheduler.STOP
        if "step" not in result or result.get("done"):
            return TrialScheduler.CONTINUE
        going_on = self._conductor.report(number, _report(result))
        return TrialScheduler.CONTINUE if going_on else TrialScheduler.STOP

    def on_trial_complete(self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]) -> None:
        """The job is done."""
        self._conductor.finished(_number(trial))

    def on_trial_error(self, tune_controller: TuneController, trial: Trial) -> None:
        """The worker died."""
        self._conductor.lost(_number(trial), _cause(trial))

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """The job never started: the ledger keeps it for later."""
        self._conductor.finished(_number(trial))

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Whatever waits: there is never more than fits."""
        return next((trial for trial in tune_controller.get_trials() if trial.status == Trial.PENDING), None)

    def debug_string(self) -> str:
        """What Tune would print."""
        return "sweepforge"


def _number(trial: Trial) -> int:
    return int(trial.config["assignment"]["number"])


def _report(result: Mapping[str, Any]) -> Report:
    kept = result.get("kept")
    step = int(result["step"])
    metrics = {key.removeprefix(SAID): value for key, value in result.items() if key.startswith(SAID)}
    return Report(step, metrics, result["trained"], CheckpointRef(kept[0], step, kept[1]) if kept else None)


def _cause(trial: Trial) -> str:
    """Why a trial's worker is gone, in words."""
    job, error = Assignment.from_json(trial.config["assignment"]), str(trial.get_error() or "")
    if job.timeout is not None and alarm.rang(job.folder):
        return f"{hung(job.timeout)} (where it stood is in {alarm.FILE} of its folder)"
    return next((words for told, words in DEATHS.items() if told in error), DIED)


@contextmanager
def _environment() -> Iterator[None]:
    """Tune reads its settings from the environment; what was there before comes back."""
    # More than one at a time: otherwise the second worker never starts where trials are short.
    wanted = {**QUIET, "TUNE_MAX_PENDING_TRIALS_PG": "16"}
    before = {key: os.environ.get(key) for key in wanted}
    os.environ.update(wanted)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # what becomes of a trial, we say ourselves
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)


@contextmanager
def _cluster(conductor: Conductor, address: str | None) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    if address:
        _connect(address)
    else:
        _start(conductor)
    try:
        yield
    finally:
        leaving.shut_down()


def _start(conductor: Conductor) -> None:
    """A cluster of this machine's own, with room for as many workers as may be wanted later."""
    each, workers = conductor.spec.resources, conductor.workers
    ray.init(
        address="local",
        num_cpus=max(workers * each.cpus, machine.available_cpus()),
        num_gpus=max(math.ceil(workers * each.gpus), machine.available_gpus() if each.gpus else 0),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )


def cluster_has(address: str) -> tuple[float, float]:
    """The CPUs and GPUs of the cluster at an address."""
    _connect(address)
    resources = ray.cluster_resources()
    return resources.get("CPU", 0.0), resources.get("GPU", 0.0)


def _connect(address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, ignore_reinit_error=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"no Ray cluster answers at {address!r}: start one with `ray start --head`") from error
