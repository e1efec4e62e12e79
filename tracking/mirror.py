"""Make a run store show what a sweep's record says: only the difference is sent, each point once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tracking import spool, wording
from tracking.records import Report, SweepRecord, TrialRecord
from tracking.side_by_side import side_by_side
from tracking.stores import limits
from tracking.stores.base import Point, RunStatus, RunStore, StoredRun

Found = tuple[int, TrialRecord, Report]


@dataclass(slots=True)
class _Shown:
    """A run, and what of it is in the store already."""

    run: str
    status: RunStatus
    params: set[str]
    tags: dict[str, str]
    epoch: int = 0
    best: float | None = None


@dataclass(slots=True)
class Written:
    """What was sent to a store, whether or not it had some of it already."""

    runs: int = 0
    points: int = 0


class Mirror:
    """Shows one sweep in a store: a run for the sweep, and under it one for each trial.

    What is there already is asked of the store once, and again after any error: a new process, a deleted experiment,
    a run deleted by hand and an empty server are all the same to it. What a trial has shown is its metric `epoch`.

    Args:
        store: Where to show it.
        facts: Where the sweep came from (`tracking.provenance`); tags on every run, the diff as a file of the sweep's.
    """

    def __init__(self, store: RunStore, facts: Mapping[str, str]) -> None:
        self.written = Written()
        self._store = store
        self._facts = facts
        self._forget()

    def show(self, record: SweepRecord, *, live: bool) -> None:
        """Bring the store up to the record; `live` says whether someone drives the sweep now."""
        if wording.ledger_id(record) is None:
            return
        try:
            self._show(record, live)
        except BaseException:
            self._forget()
            raise

    def run_of(self, trial: int) -> str | None:
        """The run of a trial, as far as it was shown."""
        shown = self._trials.get(trial)
        return shown.run if shown else None

    def _forget(self) -> None:
        self._experiment = ""
        self._sweep: _Shown | None = None
        self._trials: dict[int, _Shown] = {}
        self._settled: set[int] = set()

    def _show(self, record: SweepRecord, live: bool) -> None:
        complete = self._sweep is None  # then the sweep's own curve is compared with every report
        sweep = self._sweep or self._discover(record)
        found = {trial.number: self._news(trial, complete) for trial in record.trials}
        # The sweep before its trials: what it shows is found again from their reports, not the other way round.
        self._show_sweep(record, sweep, [entry for entries in found.values() for entry in entries])
        # A trial without choices is not yet asked whole.
        due = [it for it in record.trials if self._is_due(it) and "choices" in it.attributes]
        show = partial(self._show_trial, record, sweep, found, live)
        side_by_side(show, due, self._store.at_once)
        self._show_test(record, sweep)
        self._set_status(sweep, wording.sweep_status(record, live), max(_ends(record), default=None))
        if complete:
            self._delete_doubles(record, sweep)
            self._keep_files(record, sweep)

    def _discover(self, record: SweepRecord) -> _Shown:
        self._experiment = self._store.experiment(record.name, wording.experiment_tags(record))
        key = wording.best_key(record.objective)
        there: dict[str, _Shown] = {}
        runs = self._runs(record)
        for run in sorted(runs, key=lambda run: -run.metrics.get(wording.EPOCH, 0)):
            trial = run.tags.get(wording.TRIAL_TAG, "")
            if trial in there:  # a request that timed out was carried out after all, and then repeated
                self._store.delete(run.id)
            else:
                there[trial] = _shown(run, key)
        self._sweep = there.pop("", None) or self._start(record.name, wording.sweep_tags(record, self._facts), record)
        self._trials = {int(number): shown for number, shown in there.items()}
        return self._sweep

    def _delete_doubles(self, record: SweepRecord, sweep: _Shown) -> None:
        """Runs that a driver had asked for when it was killed, and that a slow server made after all were listed."""
        known = {sweep.run, *(shown.run for shown in self._trials.values())}
        if 0 < self.written.runs < len(known):  # else nothing was missing, or there was no driver before
            for run in self._runs(record):
                if run.id not in known:
                    self._store.delete(run.id)

    def _runs(self, record: SweepRecord) -> Sequence[StoredRun]:
        return self._store.runs(self._experiment, {wording.LEDGER_TAG: str(wording.ledger_id(record))})

    def _start(self, name: str, tags: Mapping[str, str], about: SweepRecord | TrialRecord) -> _Shown:
        began = about.created if isinstance(about, SweepRecord) else about.started
        run = self._store.create(self._experiment, name, tags, wording.milliseconds(began))
        self.written.runs += 1
        return _Shown(run, RunStatus.RUNNING, set(), limits.tags(tags))

    def _is_due(self, trial: TrialRecord) -> bool:
        """Of a trial that is over and shown nothing changes but whether its checkpoint is still there."""
        if trial.number not in self._settled or trial.checkpoint is None:
            return trial.number not in self._settled
        known = self._trials[trial.number].tags.get(wording.CHECKPOINT_TAG) == wording.GONE
        return not known and not Path(trial.checkpoint.path).exists()

    def _news(self, trial: TrialRecord, complete: bool) -> list[Found]:
        """The reports that the ledger holds and the trial's run does not show yet; or all that the ledger holds."""
        shown = self._trials.get(trial.number)
        after = 0 if complete or shown is None else shown.epoch
        if trial.folder is None or trial.epochs <= after:
            return []
        reports = spool.read_ordered(trial.folder)
        return [
            (order, trial, report) for order, report in reports if after < report.step and report.step in trial.curve
        ]

    def _show_sweep(self, record: SweepRecord, sweep: _Shown, found: Iterable[Found]) -> None:
        points = wording.leading_points(record, found, sweep.best)
        self._send(sweep, wording.sweep_params(record), wording.sweep_tags(record, self._facts), points)
        if points:
            sweep.best = _finite({points[-1].key: points[-1].value}, points[-1].key)

    def _show_test(self, record: SweepRecord, sweep: _Shown) -> None:
        """What the best trial's checkpoint reached on the test part: on the sweep's run and on the trial's."""
        if not (test := record.attributes.get("test")):
            return
        for shown in (sweep, self._trials.get(test["trial"])):
            if shown and shown.tags.get("test.checkpoint") != test["checkpoint"]:
                self._send(shown, {}, {"test.checkpoint": test["checkpoint"]}, wording.judgement_points(test))

    def _show_trial(
        self, record: SweepRecord, sweep: _Shown, found: Mapping[int, Sequence[Found]], live: bool, trial: TrialRecord
    ) -> None:
        tags = {wording.PARENT_TAG: sweep.run, **wording.trial_tags(record, trial, self._facts)}
        shown = self._trials.get(trial.number)
        if shown is None:
            shown = self._trials[trial.number] = self._start(wording.trial_name(trial), tags, trial)
        reports = [report for _, _, report in found[trial.number] if report.step > shown.epoch]
        self._send(shown, wording.trial_params(trial), tags, wording.trial_points(record, trial, reports))
        shown.epoch = max([shown.epoch, *(report.step for report in reports)])
        ended = wording.milliseconds(trial.finished) if trial.finished else None
        self._set_status(shown, wording.trial_status(trial, live), ended)
        if trial.state.finished:
            self._settled.add(trial.number)

    def _send(
        self, shown: _Shown, params: Mapping[str, str], tags: Mapping[str, str], points: Sequence[Point] = ()
    ) -> None:
        new_params = {key: value for key, value in limits.params(params).items() if key not in shown.params}
        new_tags = {key: value for key, value in limits.tags(tags).items() if shown.tags.get(key) != value}
        if new_params or new_tags or points:
            self._store.log(shown.run, points=points, params=new_params, tags=new_tags)
            self.written.points += len(points)
        shown.params.update(new_params)
        shown.tags.update(new_tags)

    def _set_status(self, shown: _Shown, status: RunStatus, at: int | None) -> None:
        if shown.status is not status:
            self._store.set_status(shown.run, status, at)
            shown.status = status

    def _keep_files(self, record: SweepRecord, sweep: _Shown) -> None:
        """The spec and the diff, if they changed; last, so that a store for files that fails costs nothing else."""
        files = [wording.spec_file(record), ("diff.patch", self._facts.get("git.diff", ""))]
        for path, text in files:
            digest = hashlib.sha256(text.encode()).hexdigest()[:16]
            if text and sweep.tags.get(f"file.{path}") != digest:
                self._store.write_text(sweep.run, path, text)
                self._send(sweep, {}, {f"file.{path}": digest})


def _shown(run: StoredRun, best_key: str) -> _Shown:
    epoch = int(run.metrics.get(wording.EPOCH, 0))
    return _Shown(run.id, run.status, set(run.params), dict(run.tags), epoch, _finite(run.metrics, best_key))


def _finite(metrics: Mapping[str, float], key: str) -> float | None:
    value = metrics.get(limits.name(key))
    return None if value is None or math.isnan(value) else value


def _ends(record: SweepRecord) -> list[int]:
    return [wording.milliseconds(trial.finished) for trial in record.trials if trial.finished]
