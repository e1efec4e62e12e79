"""What must hold of a sweep that is over, whatever has happened to it. Each check gives the problems it found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tracking import spool
from tracking.records import Report, SweepRecord, TrialRecord
from tracking.wording import EPOCH, TRIAL_TAG

OVER = ("FINISHED", "FAILED")
Query = Callable[[str], list[tuple[Any, ...]]]
_TIMES = {"seconds", "peak_memory_mb", "epoch_seconds"}


def ledger(record: SweepRecord, planned: int) -> Iterator[str]:
    """Exactly the planned trials, each of them over."""
    if (numbers := [trial.number for trial in record.trials]) != list(range(planned)):
        yield f"{planned} trials were planned, the ledger has {numbers}"
    for trial in record.trials:
        if not trial.state.finished:
            yield f"trial {trial.number} is {trial.state}"
    if not record.attributes.get("ended"):
        yield "the sweep is not noted as ended"


def spools(record: SweepRecord) -> Iterator[str]:
    """Every epoch that the ledger holds is in the trial's spool, once, and no other."""
    for trial in record.trials:
        steps = [report.step for report in _reports(trial)]
        if steps != list(range(1, trial.epochs + 1)) or steps != sorted(trial.curve):
            yield f"trial {trial.number} reported {trial.epochs} epochs, its spool has {steps}"


def repeated(counted: Path, faults: int) -> Iterator[str]:
    """Each fault made at most one epoch be trained again: one trial ran at a time."""
    trained = Counter(counted.read_text().splitlines()) if counted.exists() else Counter()
    again = sum(count - 1 for count in trained.values())
    if again > faults:
        yield f"{again} epochs were trained again after {faults} faults: {[it for it in trained if trained[it] > 1]}"


def shown(record: SweepRecord, query: Query, experiment: str) -> Iterator[str]:
    """In MLflow: one run a trial and one for the sweep, none of them running, each point once and none missing."""
    of = f"from runs join experiments using (experiment_id) where experiments.name = '{experiment}'"
    runs = dict(query(f"select run_uuid, status {of} and runs.lifecycle_stage = 'active'"))
    trial_of = dict(query(f"select run_uuid, value from tags where key = '{TRIAL_TAG}'"))
    counted = Counter(trial_of.get(run, "sweep") for run in runs)
    if counted != Counter(["sweep", *(str(trial.number) for trial in record.trials)]):
        yield f"the trials of the runs in MLflow are {dict(counted)}"
    if wrong := sorted({status for status in runs.values() if status not in OVER}):
        yield f"there are runs in MLflow that are {', '.join(wrong)}"
    for run in runs:
        if run in trial_of and int(trial_of[run]) < len(record.trials):
            yield from _points(record.trials[int(trial_of[run])], run, query)


def _points(trial: TrialRecord, run: str, query: Query) -> Iterator[str]:
    found = Counter(query(f"select key, step from metrics where run_uuid = '{run}'"))
    if twice := [point for point, count in found.items() if count > 1]:
        yield f"trial {trial.number} has points in MLflow more than once: {twice[:5]}"
    told = {(key, report.step) for report in _reports(trial) for key in (EPOCH, *report.metrics)}
    if missing := told - set(found):
        yield f"points of trial {trial.number} are missing in MLflow: {sorted(missing)[:5]}"


def decisions(record: SweepRecord) -> list[dict[str, Any]]:
    """Everything that was drawn, reported and decided, a mapping a trial; no times."""
    return [_decided(trial) for trial in record.trials]


def differences(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[str]:
    """In which values and decisions two sweeps differ."""
    if len(one) != len(other):
        return [f"{len(one)} trials against {len(other)}"]
    return [
        f"trial {number}: {key} is {mine[key]} against {theirs[key]}"
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True))
        for key in mine
        if repr(mine[key]) != repr(theirs[key])
    ]


def _decided(trial: TrialRecord) -> dict[str, Any]:
    values = [{key: value for key, value in report.metrics.items() if key not in _TIMES} for report in _reports(trial)]
    copies = [(it.epoch, it.donor, dict(it.params)) for it in trial.takeovers]
    cause = trial.cause and trial.cause.split(" ")[0]
    return {
        "params": dict(trial.params),
        "curve": dict(trial.curve),
        "state": str(trial.state),
        "metrics": values,
        "copies": copies,
        "cause": cause,
    }


def failed_alone(record: SweepRecord, number: int, *words: str) -> Iterator[str]:
    """One trial failed, with such words in its cause; all others did not."""
    for trial in record.trials:
        failed = str(trial.state) == "FAIL"
        if failed is not (trial.number == number):
            yield f"trial {trial.number} is {trial.state} ({trial.cause})"
        elif failed and not all(word.lower() in (trial.cause or "").lower() for word in words):
            yield f"the cause of trial {trial.number} is {trial.cause!r}, without {' or '.join(words)}"


def finite(record: SweepRecord) -> Iterator[str]:
    """The sweep has a best trial."""
    best = record.best()
    if best is None or not math.isfinite((best.best(record.objective) or (0, math.nan))[1]):
        yield "the sweep has no best trial"


def _reports(trial: TrialRecord) -> list[Report]:
    """What counts of a trial's spool; a line that was written again after a kill does not."""
    return spool.read(trial.folder) if trial.folder else []
