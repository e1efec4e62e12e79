"""A trial once more, from its seed: the same data, code and settings must give the same numbers, epoch by epoch."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tracking import spool
from tracking.ledger import Ledger
from tracking.onlooker import Onlooker
from tracking.provenance import provenance
from tracking.records import Report, TrialRecord
from tracking.wording import LEDGER_TAG, TRIAL_TAG, ledger_id
from tuner import changes
from tuner.assigning import assignment_of
from tuner.assignment import Assignment
from tuner.errors import UsageError, cause_of
from tuner.home import Home
from tuner.spec import SweepSpec

OF_THE_MACHINE = ("seconds", "epoch_seconds", "latency_ms", "peak_memory_mb")
"""Metrics that say how long or how much this machine took, which no seed repeats."""
_MACHINE = ("platform", "cpus", "gpus", "git.commit", "git.diff_digest")
_RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Difference:
    """A metric that came out otherwise after an epoch; NaN where one of the two has none."""

    epoch: int
    metric: str
    before: float
    now: float


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Attributes:
        sweep: The sweep's name.
        trial: The trial's number.
        seed: Its seed.
        epochs: How many epochs were compared.
        metrics: Which metrics were, after each.
        environment: What is different here from what the trial was trained with, a line each.
        differences: Every metric that came out otherwise, epoch by epoch.
        cause: Why the training broke off before the last epoch, if it did.
    """

    sweep: str
    trial: int
    seed: int
    epochs: int
    metrics: tuple[str, ...]
    environment: Sequence[str]
    differences: Sequence[Difference]
    cause: str | None = None

    @property
    def same(self) -> bool:
        """Whether every number came out the same, to the last bit."""
        return not self.differences


def reproduce(run: str, home: str | Path | None = None) -> Reproduction:
    """Train a trial again in a folder that is thrown away, and compare what it reports with what it reported.

    On one machine's CPU, with the same packages, every number is the same to the last bit: a trial's random numbers
    follow from its seed alone, and it computes with as many threads as it did.

    Args:
        run: `SWEEP/TRIAL`, or the id of the trial's MLflow run.
        home: The folder for everything.

    Raises:
        UsageError: There is no such trial, or it cannot be trained by itself.
    """
    where = Home.at(home)
    name, number = _named(run, where)
    ledger = Ledger.open(where.sweep(name))
    trial, spec = _trial(ledger, number), SweepSpec.read(ledger.spec, f"spec of {name}")
    environment = list(_environment(ledger, spec, number, where))
    assignment = assignment_of(spec, ledger, trial)
    before = {report.step: report for report in spool.read(ledger.trial_folder(number))}
    now, cause = _trained(assignment, trial.epochs)
    differences = [found for step in sorted(before) for found in _compared(before[step], now.get(step))]
    metrics = sorted({metric for report in before.values() for metric in _repeatable(report)})
    return Reproduction(
        name, number, assignment.seed, len(before), tuple(metrics), environment, tuple(differences), cause
    )


def _named(run: str, home: Home) -> tuple[str, int]:
    """The sweep's name and the trial's number."""
    name, slash, number = run.rpartition("/")
    if slash and number.isdecimal():
        return name, int(number)
    if _RUN_ID.fullmatch(run):
        return _of_run(run, home)
    best = Onlooker(home.sweep(run)).record().best()
    hint = f"; its best trial is {run}/{best.number}" if best else ""
    raise UsageError(f"a trial is SWEEP/NUMBER or the id of its MLflow run, {run!r} is a sweep{hint}")


def _of_run(run: str, home: Home) -> tuple[str, int]:
    from mlflow.exceptions import MlflowException

    from tracking.stores.on_mlflow import client_of

    try:
        tags = client_of(home.tracking_uri).get_run(run).data.tags
    except MlflowException as error:
        raise UsageError(f"MLflow knows no run {run!r}: {' '.join(str(error).split())[:200]}") from error
    if TRIAL_TAG not in tags:
        sweep = tags.get("sweepforge.sweep")
        what = f"that of the whole sweep {sweep!r}: name a trial, {sweep}/0" if sweep else "not one of a trial's"
        raise UsageError(f"the run {run!r} is {what}")
    return tags["sweepforge.sweep"], int(tags[TRIAL_TAG])


def _trial(ledger: Ledger, number: int) -> TrialRecord:
    """The trial, if it can be trained by itself."""
    name, trials = ledger.study.study_name, ledger.trials()
    if number >= len(trials):
        raise UsageError(f"{name!r} has no trial {number}; it has {len(trials)}, from 0 on")
    trial = trials[number]
    if not trial.curve:
        raise UsageError(f"trial {number} of {name!r} is {trial.state} and has reported nothing to compare with")
    if trial.takeovers:
        taken = trial.takeovers[0]
        text = f"went on from the weights of trial {taken.donor} after epoch {taken.epoch}, so it cannot be made alone"
        raise UsageError(f"trial {number} of {name!r} {text}; run the whole sweep again under another name")
    return trial


def _environment(ledger: Ledger, spec: SweepSpec, number: int, home: Home) -> Iterator[str]:
    """What is not as it was: packages, the user's own code, the data, the repository, the machine."""
    try:
        now = changes.facts(spec)
    except (ValueError, OSError) as error:
        raise UsageError(f"the data of {ledger.study.study_name!r} cannot be read here: {error}") from error
    yield from changes.differences(ledger.study.user_attrs.get(changes.KEY, {}), now)
    there, here = _tags(ledger, number, home), provenance(Path.cwd())
    for key in _MACHINE:
        known = there.get(f"provenance.{key}")
        if known is not None and known != here.get(key, ""):
            yield f"{key} {known} -> {here.get(key) or 'none'}"


def _tags(ledger: Ledger, number: int, home: Home) -> Mapping[str, str]:
    """What MLflow shows of the trial; nothing if it is away, or does not show it."""
    from mlflow.exceptions import MlflowException

    from tracking.stores.on_mlflow import client_of

    record = ledger.record()
    condition = f"tags.`{LEDGER_TAG}` = '{ledger_id(record)}' and tags.`{TRIAL_TAG}` = '{number}'"
    try:
        client = client_of(home.tracking_uri)
        experiment = client.get_experiment_by_name(record.name)
        found = client.search_runs([experiment.experiment_id], condition) if experiment else []
    except (MlflowException, OSError):
        return {}
    return dict(found[0].data.tags) if found else {}


def _trained(assignment: Assignment, epochs: int) -> tuple[dict[int, Report], str | None]:
    """What the trial reports this time, by epoch, up to the last that it did; and why it broke off, if it did."""
    from tuner import trial

    reports: dict[int, Report] = {}

    def keep(report: Report) -> bool:
        if report.step:
            reports[report.step] = report
        return report.step < epochs

    with TemporaryDirectory() as scratch:
        try:
            trial.run(replace(assignment, folder=Path(scratch)), keep)
        except Exception as error:  # noqa: BLE001 (whatever a network raises is what came of it)
            return reports, cause_of(error)
    return reports, None


def _compared(before: Report, now: Report | None) -> Iterator[Difference]:
    old, new = _repeatable(before), _repeatable(now) if now else {}
    for metric in sorted({*old, *new}):
        was, is_now = old.get(metric, math.nan), new.get(metric, math.nan)
        if was != is_now and not (metric in old and metric in new and math.isnan(was) and math.isnan(is_now)):
            yield Difference(before.step, metric, was, is_now)


def _repeatable(report: Report) -> dict[str, float]:
    return {metric: value for metric, value in report.metrics.items() if metric not in OF_THE_MACHINE}
