"""The ledger: the Optuna study that is the truth about a sweep.

The sweep's driver is its one writer. Everyone else opens it for reading, with this class or with Optuna's own:
`optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(path)))`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from tracking import lines, spool
from tracking.goals import Goals, Objective, Values
from tracking.journal import GroupedJournal, InMemoryJournal, Journal
from tracking.lines import FILE, LedgerError, begun
from tracking.records import (
    Report,
    State,
    SweepRecord,
    Takeover,
    TrialRecord,
)

Choices = Mapping[str, Mapping[str, Any]]
_SIZES = ("parameters", "size_mb")
"""Metrics of a trial's reports that are the same in each, and noted with its end."""

_PLACE = "place"
"""Of a trial that is over: how many reports and how many ends of other trials the sweep had had before its own."""


class Ledger:
    """One sweep's study and spool, in one folder."""

    def __init__(
        self, folder: Path, journal: GroupedJournal, study: optuna.Study, reports: spool.Spool | None = None
    ) -> None:
        self.folder = folder
        self.study = study
        self._journal = journal
        self._spool = reports or spool.OnDisk()
        attributes = study.user_attrs
        self.goals = Goals.of(attributes)
        self.objective = self.goals.leading
        self.spec: Mapping[str, Any] = attributes["spec"]
        self._order = self._ends = 0

    @classmethod
    def create(
        cls, folder: Path, name: str, spec: Mapping[str, Any], objective: Objective, **attributes: Any
    ) -> Ledger:
        """Start the ledger of a new sweep in an existing folder; refused where one is already."""
        if begun(folder):
            raise LedgerError(f"{folder / FILE} exists: a ledger is never overwritten; open it, or choose another name")
        journal = Journal(folder / FILE)
        journal.repair()
        facts = {"spec": dict(spec), "objective": asdict(objective), **attributes}
        return cls(folder, journal, _new_study(journal, name, facts))

    @classmethod
    def in_memory(cls, name: str, spec: Mapping[str, Any], objective: Objective, **attributes: Any) -> Ledger:
        """A ledger that writes nothing to disk and ends with this process; the same in all else."""
        journal = InMemoryJournal()
        study = _new_study(journal, name, {"spec": dict(spec), "objective": asdict(objective), **attributes})
        return cls(Path(name), journal, study, spool.InMemory())

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = True) -> Ledger:
        """Open a sweep's ledger. Only the driver opens it for writing: it repairs what a crash cut short."""
        journal = Journal(lines.find(folder), read_only=read_only)
        if not read_only:
            journal.repair()
            for trial in (folder / "trials").glob("*"):
                spool.repair(trial)
        _quiet()
        storage = JournalStorage(journal)
        if not storage.get_all_studies():
            raise lines.no_study(folder)
        ledger = cls(folder, journal, optuna.load_study(study_name=None, storage=storage))
        ledger._order = sum(len(trial.intermediate_values) for trial in ledger._frozen())
        ledger._ends = sum(trial.state.is_finished() for trial in ledger._frozen())
        return ledger

    # --- what the driver writes ---

    def ask(self, sampler: optuna.samplers.BaseSampler, suggest: Callable[[Trial], Choices]) -> TrialRecord:
        """Draw a new trial: `suggest` turns Optuna's live trial into choices. On disk whole, or not at all."""
        self.study.sampler = sampler
        with self._together():
            # As Study.ask does, which first goes through all trials for queued ones: here nothing is ever queued.
            trial = Trial(self.study, self._storage.create_new_trial(self.study._study_id))
            trial.set_user_attr("choices", {slot: dict(choice) for slot, choice in suggest(trial).items()})
        return self.trial(trial.number)

    def report(self, number: int, report: Report) -> bool:
        """Keep a report, the spool first; False if this step, a later one or the end of the trial was already kept."""
        frozen = self._frozen_trial(number)
        if frozen.state.is_finished() or report.step <= max(frozen.intermediate_values, default=0):
            return False
        if missing := [metric for metric in self.goals.metrics if metric not in report.metrics]:
            raise LedgerError(
                f"every report must have the sweep's metric {missing[0]!r}; trial {number} reported "
                f"{sorted(report.metrics)} at step {report.step}: log it, or name another metric in the objective"
            )
        self._spool.append(self.trial_folder(number), report, self._order)
        self._order += 1
        # Optuna's Trial.report would read the whole trial again; the storage's own call appends one line.
        value = report.metrics[self.objective.metric]
        with self._together():
            self._storage.set_trial_intermediate_value(frozen._trial_id, report.step, value)
            self._keep_standing(frozen, report)
        return True

    def measured(self, number: int, values: Values) -> None:
        """Keep what a trial that is not trained stands for: what was measured before its first epoch."""
        self._set(number, "standing", {"step": 0, "values": dict(values)})

    def pause(self, number: int, paused: bool) -> None:
        """Note that a trial waits for its next rung, or that it goes on."""
        self._set(number, "paused", paused)

    def lost(self, number: int) -> int:
        """Note that a trial has lost its worker, or hung, once more; returns how often by now."""
        times = 1 + int(self.trial(number).attributes.get("losses", 0))
        self._set(number, "losses", times)
        return times

    def take_over(self, number: int, takeover: Takeover) -> None:
        """Note that a paused trial goes on from another's checkpoint: both facts on disk, or neither."""
        earlier = [asdict(it) for it in self.trial(number).takeovers]
        with self._together():
            self._set(number, "takeovers", [*earlier, asdict(takeover)])
            self._set(number, "paused", False)

    def tell(self, number: int, state: State, *, cause: str | None = None) -> TrialRecord:
        """End a trial: COMPLETE and PRUNED with the best value of its curve, FAIL with its cause in one line.

        One that was stopped before its first report is PRUNED without a value.
        """
        trial = self.trial(number)
        best = trial.best(self.objective) if self.goals.single or trial.standing else None
        stopped_before = state is State.PRUNED and not trial.curve  # it has done nothing wrong
        if state is not State.FAIL and best is None and not (trial.standing or stopped_before):
            state, cause = State.FAIL, cause or f"never reported a finite {self.objective.metric}"
        last = [report for _, report in self._spool.read_ordered(self.trial_folder(number))]
        with self._together():
            if trial.attributes.get("paused"):
                self._set(number, "paused", False)
            for key, value in self._closing(best[0] if best else None, last, cause).items():
                self._set(number, key, value)
            for key, value in self.goals.excesses(trial.values).items():
                self._storage.set_trial_system_attr(self._frozen_trial(number)._trial_id, f"constraints:{key}", value)
            values = None if state is State.FAIL or best is None else self._values(trial, best[1])
            self._storage.set_trial_state_values(self._frozen_trial(number)._trial_id, TrialState[state.value], values)
        self._ends += 1
        return self.trial(number)

    def note(self, key: str, value: Any) -> None:
        """Keep a fact about the whole sweep (JSON)."""
        self.study.set_user_attr(key, value)

    def notes(self, facts: Mapping[str, Any]) -> None:
        """Keep several such facts: all of them on disk, or none."""
        with self._together():
            for key, value in facts.items():
                self.note(key, value)

    def extend(self, spec: Mapping[str, Any], objective: Objective) -> None:
        """Keep what the sweep's spec says from now on: it is not over any more. The metric and its mode stay."""
        self.notes({"spec": dict(spec), "objective": asdict(objective), "ended": None})

    def rebuild(
        self, change: Callable[[FrozenTrial], FrozenTrial], pruned: Mapping[int, str], facts: Mapping[str, Any]
    ) -> None:
        """Put a new study in the place of this one, with the same trials under the same numbers.

        Optuna never takes back what a study knows of a parameter, its options or its scale: a changed space needs a new
        study. The old one stays in the journal, deleted. It is done in a copy, which then takes the journal's place:
        whatever happens meanwhile, the sweep is as it was, or as it is to be.

        Args:
            change: Gives a trial as it is to be in the new study; it gets a copy of its own.
            pruned: Unfinished trials that end here, each with its cause.
            facts: What is noted of the sweep in place of what was, besides what stays.
        """
        path = self.folder / FILE
        unfinished = path.with_name(f".{FILE}.new")
        shutil.copyfile(path, unfinished)
        try:
            journal = Journal(unfinished)
            Ledger(self.folder, journal, _only_study(journal))._replace_study(change, pruned, facts)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        self.study = _only_study(self._journal)
        self.spec = self.study.user_attrs["spec"]

    # --- what anyone reads ---

    def trial(self, number: int) -> TrialRecord:
        """One trial by its number."""
        return self._record(self._frozen_trial(number))

    def trials(self) -> list[TrialRecord]:
        """Every trial, in the order of their numbers."""
        return [self._record(trial) for trial in self._frozen()]

    def record(self) -> SweepRecord:
        """The whole sweep as it stands now."""
        return SweepRecord.noted(self.study.study_name, self.folder, self.study.user_attrs, self.trials())

    def history(self) -> list[tuple[int, Report]]:
        """Every report of the sweep as (trial number, report), in the order in which they came."""
        return [(number, said) for number, said in self.events() if isinstance(said, Report)]

    def events(self) -> list[tuple[int, Report | State]]:
        """The same, and among them how each trial ended, as (trial number, state).

        Trials that an older release ended are not told of.
        """
        found: list[tuple[tuple[int, ...], int, Report | State]] = [
            ((order + 1, -1), trial.number, report)
            for trial in self._frozen()
            if trial.intermediate_values
            for order, report in self._spool.read_ordered(self.trial_folder(trial.number))
            if report.step in trial.intermediate_values
        ]
        found += [
            (tuple(trial.user_attrs[_PLACE]), trial.number, State(trial.state.name))
            for trial in self._frozen()
            if trial.state.is_finished() and _PLACE in trial.user_attrs
        ]
        return [(number, said) for _, number, said in sorted(found, key=lambda entry: entry[0])]

    def reported(self, number: int, step: int) -> Report:
        """What a trial reported after an epoch; raises `LedgerError` if it has not."""
        for _, report in self._spool.read_ordered(self.trial_folder(number)):
            if report.step == step:
                return report
        raise LedgerError(f"trial {number} never reported step {step}")

    def trial_folder(self, number: int) -> Path:
        """Where a trial keeps its spool and its checkpoints."""
        return self.folder / "trials" / str(number)

    # --- inside ---

    def _replace_study(
        self, change: Callable[[FrozenTrial], FrozenTrial], pruned: Mapping[int, str], facts: Mapping[str, Any]
    ) -> None:
        with self._together():
            for number, cause in pruned.items():
                self.tell(number, State.PRUNED, cause=cause)
            trials = [change(trial) for trial in self.study.get_trials()]
            name, attributes = self.study.study_name, {**self.study.user_attrs, **facts}
            self._storage.delete_study(self.study._study_id)
            _new_study(self._journal, name, attributes).add_trials(trials)

    @property
    def _storage(self) -> optuna.storages.BaseStorage:
        return self.study._storage

    def _frozen_trial(self, number: int) -> FrozenTrial:
        """One trial, without listing all of them."""
        return self._storage.get_trial(
            self._storage.get_trial_id_from_study_id_trial_number(self.study._study_id, number)
        )

    def _frozen(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    @contextmanager
    def _together(self) -> Iterator[None]:
        """One append for all that is written inside. If the block raises, Optuna forgets what it had taken for kept."""
        try:
            with self._journal.together():
                yield
        except BaseException:
            self.study._storage = JournalStorage(self._journal)
            raise

    def _set(self, number: int, key: str, value: Any) -> None:
        self._storage.set_trial_user_attr(self._frozen_trial(number)._trial_id, key, value)

    def _keep_standing(self, frozen: FrozenTrial, report: Report) -> None:
        """Where there is more than one objective, note the report that a trial stands for, if it is this one."""
        if self.goals.single:
            return
        before = frozen.user_attrs.get("standing", {"step": 0})
        if self.goals.better(report.metrics, before["values"] if before["step"] else None):
            values = {metric: report.metrics[metric] for metric in self.goals.metrics}
            self._set(frozen.number, "standing", {"step": report.step, "values": values})

    def _values(self, trial: TrialRecord, leading: float) -> list[float]:
        """A trial's values for Optuna, one an objective."""
        return [leading, *(trial.values[it.metric] for it in self.goals.objectives[1:])]

    def _closing(self, step: int | None, reports: list[Report], cause: str | None) -> dict[str, Any]:
        facts: dict[str, Any] = {"seconds": reports[-1].seconds if reports else 0.0, _PLACE: [self._order, self._ends]}
        if cause is not None:
            facts["cause"] = cause
        if checkpoint := next((report.checkpoint for report in reports if report.step == step), None):
            facts["checkpoint"] = asdict(checkpoint)
        if reports and (sizes := {key: it for key, it in reports[-1].metrics.items() if key in _SIZES}):
            facts["size"] = sizes
        return facts

    def _record(self, frozen: FrozenTrial) -> TrialRecord:
        return TrialRecord.noted(
            number=frozen.number,
            state=State.RUNNING if frozen.state is TrialState.WAITING else State(frozen.state.name),
            params=frozen.params,
            curve=frozen.intermediate_values,
            started=frozen.datetime_start,
            finished=frozen.datetime_complete,
            folder=self.trial_folder(frozen.number),
            attributes=frozen.user_attrs,
        )


def _only_study(journal: GroupedJournal) -> optuna.Study:
    return optuna.load_study(study_name=None, storage=JournalStorage(journal))


def _new_study(journal: GroupedJournal, name: str, facts: Mapping[str, Any]) -> optuna.Study:
    _quiet()
    goals = Goals.of(facts)
    with journal.together():
        study = optuna.create_study(
            storage=JournalStorage(journal),
            study_name=name,
            directions=["maximize" if it.mode == "max" else "minimize" for it in goals.objectives],
        )
        for key, value in facts.items():
            study.set_user_attr(key, value)
    return study


def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
