"""Which checkpoints of a whole sweep stay on disk: the best trials', and all that may still be gone on from."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from tracking import checkpoints
from tracking.ledger import Ledger
from tracking.pareto import fronts
from tracking.records import CheckpointRef, Report, SweepRecord, TrialRecord
from tuner.observer import Observer
from tuner.spec import SweepSpec
from tuner.warm_start import WarmStart

GB = 1e9


@dataclass(frozen=True)
class _Held:
    """The best checkpoint of a trial that is over, with what it is ranked by: higher is better."""

    scores: tuple[float, ...]
    number: int
    checkpoint: CheckpointRef


class Keeper(Observer):
    """Passes everything on to another observer, and tidies up whenever a trial is over.

    A trial that is not over keeps what its worker keeps: its newest checkpoint, the one before it, and its best. Of one
    that is over nothing stays but its best, and that only while it is among the sweep's best ones; over the byte budget
    the worst of these go. The best of all stays, and whatever is pinned (`tracking.checkpoints.pin`). Where trials copy
    each other nothing goes before all of them are over.

    Args:
        ledger: The sweep's, open for writing; looked at when the first trial starts or ends.
        spec: The sweep.
        observer: Is told everything, and what is found damaged.
    """

    def __init__(self, ledger: Ledger, spec: SweepSpec, observer: Observer) -> None:
        self._ledger, self._observer = ledger, observer
        self._keep, self._budget = spec.checkpoints.keep * spec.repeats, spec.checkpoints.budget_gb
        self._copying = bool(spec.scheduler_choice.exchanges(spec.budget.epochs))
        self._held: list[_Held] = []
        self._over: dict[int, int] = {}
        """Bytes of each trial that is over."""
        self._going: set[int] = set()
        self._unlooked: set[int] = set()
        self._said = False

    # --- what it is told ---

    def warmed(self, start: WarmStart) -> None:
        """Passed on."""
        self._observer.warmed(start)

    def started(self, trial: TrialRecord) -> None:
        """Look at the checkpoints of a trial that was under way before this driver came."""
        self._begin(trial)
        self._observer.started(trial)
        if trial.number in self._unlooked:
            self._unlooked.discard(trial.number)
            self._look(trial)

    def reported(self, number: int, report: Report) -> None:
        """Passed on."""
        self._observer.reported(number, report)

    def noted(self, text: str) -> None:
        """Passed on."""
        self._observer.noted(text)

    def ended(self, trial: TrialRecord) -> None:
        """Tidy up, if it is over."""
        self._begin(trial)
        self._observer.ended(trial)
        with suppress(OSError):  # what cannot be deleted stays
            if trial.state.finished:
                self._end(trial)
            self._bound()

    # --- inside ---

    @cached_property
    def _record(self) -> SweepRecord:
        """The sweep as it stood when the first trial started; it says how trials are ranked."""
        return self._ledger.record()

    def _begin(self, trial: TrialRecord) -> None:
        """What earlier turns of the sweep have left, once."""
        if "_record" not in self.__dict__:
            others = [other for other in self._record.trials if other.number != trial.number]
            self._going = {other.number for other in others if not other.state.finished}
            self._unlooked = {it.number for it in (*others, trial) if not it.state.finished and it.epochs}
            for other in others:
                if other.state.finished:
                    self._end(other)
        if not trial.state.finished:
            self._going.add(trial.number)

    def _end(self, trial: TrialRecord) -> None:
        self._going.discard(trial.number)
        if (scores := self._record.scores(trial)) and trial.checkpoint:
            self._held.append(_Held(scores, trial.number, trial.checkpoint))
        self._over[trial.number] = 0
        if self._copying and self._going:
            return
        for number in self._over if self._copying else (trial.number,):
            self._thin(number)
        for beyond in self._ranked()[self._keep :]:
            self._drop(beyond)

    def _thin(self, number: int) -> None:
        """Delete all that a trial has but its best."""
        best = next((it.checkpoint.path for it in self._held if it.number == number), None)
        listed = checkpoints.listed(self._ledger.trial_folder(number))
        for other in listed:
            if other.path != best:
                checkpoints.delete(other)
        self._over[number] = sum(map(checkpoints.size, listed))

    def _drop(self, held: _Held) -> None:
        self._held.remove(held)
        self._over[held.number] -= checkpoints.delete(held.checkpoint)

    def _ranked(self) -> list[_Held]:
        """The best first; with several objectives, those that no other beats in all of them at once."""
        if len(self._held) <= 1:
            return list(self._held)
        several = len(self._held[0].scores) > 1
        front = fronts([it.scores for it in self._held]) if several else [1] * len(self._held)
        keys = [(-place, it.scores, -it.number) for place, it in zip(front, self._held, strict=True)]
        return [it for _, it in sorted(zip(keys, self._held, strict=True), key=lambda pair: pair[0], reverse=True)]

    def _bound(self) -> None:
        """Let go of the worst until the rest is within the budget."""
        if self._budget is None or (self._copying and self._going):
            return
        excess = self._bytes() - self._budget * GB
        for worst in reversed(self._ranked()[1:]):
            if excess > 0 and not checkpoints.is_pinned(worst.checkpoint):
                excess -= checkpoints.size(worst.checkpoint)
                self._drop(worst)
        if excess > 0 and not self._said:
            self._said = True
            taken = self._budget + excess / GB
            text = f"the checkpoints take {taken:.3g} GB, more than checkpoints.budget_gb {self._budget:g}"
            self._observer.noted(f"{text}: what is left is the best one, resumable or pinned")

    def _bytes(self) -> int:
        """What all checkpoints of the sweep take."""
        going = [it for number in self._going for it in checkpoints.listed(self._ledger.trial_folder(number))]
        return sum(self._over.values()) + sum(map(checkpoints.size, going))

    def _look(self, trial: TrialRecord) -> None:
        """Say which checkpoints are passed over."""
        folder = self._ledger.trial_folder(trial.number)
        damaged = checkpoints.damaged(folder)
        intact = checkpoints.listed(folder)[: -len(damaged) or None]
        if intact and not damaged:
            return
        found = ", ".join(f"epoch {it.step}" for it in damaged) or "none is left"
        how = f"goes on from epoch {intact[-1].step}" if intact else "begins anew, and comes to the same values"
        self._observer.noted(f"trial {trial.number}: damaged checkpoints ({found}): it {how}")
