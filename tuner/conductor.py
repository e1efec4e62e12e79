"""Decides what runs next and what becomes of it: the same for every runner, with no runner in it.

A runner asks for jobs while it has a free worker, runs them, and hands back what they say:

    while job := conductor.next_job(): run(job)      conductor.report(...) -> go on?   .finished(...)   .failed(...)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tracking import disk
from tracking.ledger import Ledger
from tracking.records import Report, State, TrialRecord
from tuner import full_disk
from tuner.assigning import assignment_of
from tuner.assignment import Assignment
from tuner.drawing import Drawing, exactly
from tuner.limits import Limits
from tuner.observer import Observer
from tuner.seats import ERROR, PAUSED, RUNNING, TERMINATED, Floor, Seat
from tuner.spec import SweepSpec
from tuner.spending import Spending
from tuner.taken import stopped_by_hand
from tuner.takeovers import go_on, kept, retell
from tuner.verdicts import BY_HAND, kind_of, no_number, out_of_bounds

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


SAME_CAUSE = 5
"""So many first failures for one and the same cause, without any success, end the sweep."""

STEP = "training_iteration"
"""The key under which Ray's schedulers look for the epoch."""

SECONDS = "time_total_s"
"""The key under which they look for the seconds of training so far."""


@dataclass
class Conductor:
    """One sweep's decisions, on top of its ledger.

    Attributes:
        spec: The sweep.
        ledger: Open for writing.
        scheduler: Fresh; it is told the ledger's history before anything new.
        observer: Is told what happens.
        limits: Ends the sweep early.
        import_paths: Where workers find a user's own modules.
        saves_epochs: Epochs are what the budget counts, whatever time they take: schedulers are not told the time.
        workers: How many trials may be at work at once, for runners that have several workers.
    """

    spec: SweepSpec
    ledger: Ledger
    scheduler: TrialScheduler
    observer: Observer = field(default_factory=Observer)
    limits: Limits = field(default_factory=Limits)
    import_paths: tuple[str, ...] = ()
    saves_epochs: bool = False
    workers: int = 1

    def __post_init__(self) -> None:
        self._floor = Floor()
        self._out: set[int] = set()
        self._waiting: list[int] = []
        self._broken: dict[int, str] = {}
        self._causes: Counter[str] = Counter()
        self._stopped = stopped_by_hand(self.ledger.study)
        self.drawing = Drawing(self.spec, self.ledger.study)
        self._spending = Spending(self.spec, self.ledger.goals)
        self._replay()

    # --- what a runner calls ---

    @full_disk.stops(None)
    def next_job(self) -> Assignment | None:
        """The trial that a free worker should run now; None if there is none at the moment."""
        if self._over():
            return None
        ways = (self._interrupted, self._promoted, self._new)
        number = next((found for way in ways if (found := way()) is not None), None)
        if number is None:
            return None
        self._floor.seats[number].status = RUNNING
        self._out.add(number)
        trial = self.ledger.trial(number)
        self.observer.started(trial)
        return self.assignment(trial)

    @full_disk.stops(False)
    def report(self, number: int, report: Report) -> bool:
        """Keep a trial's report and ask the scheduler; returns whether the trial goes on.

        A report of step 0 says what was measured before the first epoch: it is kept only if it ends the trial.
        """
        if self.limits.full:
            return False
        seat = self._floor.seats[number]
        if report.step == 0:
            return seat.status == RUNNING and not self._out_of_bounds(seat, report)
        if seat.status != RUNNING or not self.ledger.report(number, report):
            return seat.status == RUNNING
        self._spending.reported(number, report)
        self.observer.reported(number, report)
        if broken := no_number(report, self.ledger.goals):
            self.failed(number, broken)
            return False
        return not self._out_of_bounds(seat, report) and self._decide(seat, report)

    @full_disk.stops(None)
    def finished(self, number: int) -> None:
        """The trial's worker is free: it ran all its epochs, or was told to stop."""
        self._out.discard(number)
        seat = self._floor.seats[number]
        if seat.status != RUNNING or self.limits.stopping:
            return
        if seat.last_result:
            self._complete(seat)
        else:
            self.failed(number, f"ended without ever reporting {self.ledger.objective.metric}")

    @full_disk.stops(None)
    def failed(self, number: int, cause: str) -> None:
        """The trial cannot go on: a crash, or a value that is no number."""
        seat = self._floor.seats[number]
        if seat.status != RUNNING or self.limits.full:
            return
        if disk.is_told_full(cause):
            full_disk.stop(self.limits, self.ledger.folder)
            return
        self._err(seat)
        self._causes[kind_of(cause)] += 1
        self.observer.ended(self.ledger.tell(number, State.FAIL, cause=cause))
        self._give_up_stopped()
        if self._hopeless():
            self.limits.stop(f"the first {SAME_CAUSE} trials failed alike: {cause}")

    @full_disk.stops(None)
    def lost(self, number: int, cause: str) -> None:
        """The trial's worker is gone, or hung: it goes on from its newest checkpoint, unless that was tried enough."""
        self._out.discard(number)
        seat, failures = self._floor.seats[number], self.spec.failures
        if seat.status != RUNNING or self.limits.full:
            return
        if number in self._stopped:
            self._prune(seat, BY_HAND)
        elif self.ledger.lost(number) > failures.retries:
            self.failed(number, failures.given_up(cause))
        else:
            self._waiting.append(number)
            self.observer.noted(f"trial {number} goes on from its newest checkpoint: {cause}")

    @property
    def running(self) -> int:
        """How many trials are with workers."""
        return len(self._out)

    # --- what is asked of it meanwhile ---

    def stop_trial(self, number: int) -> bool:
        """End a trial, as it was noted that somebody has asked: at once if it waits; returns whether it does."""
        seat = self._floor.seats[number]
        self._stopped.add(number)
        if number in self._out or seat.is_finished():
            return False
        self._waiting = [other for other in self._waiting if other != number]
        self._prune(seat, BY_HAND)
        self._give_up_stopped()
        return True

    def at_work(self, number: int) -> bool:
        """Whether a worker has the trial now."""
        return number in self._out

    def close(self) -> None:
        """After the last job: what waits, or was cut short by the budget, is pruned; an interrupted sweep stays."""
        if self.limits.interrupted:
            return
        for seat in self._floor.seats.values():
            if not seat.is_finished():
                self._prune(seat)

    # --- deciding ---

    def _over(self) -> bool:
        """Whether no new trial may start, and running ones should end with their epoch."""
        if not self.limits.stopping and (reason := self._spending.over(self._floor.seats)):
            self.limits.stop(reason)
        return self.limits.reached()

    def _decide(self, seat: Seat, report: Report) -> bool:
        seat.last_result = self._result(report)
        decision = self.scheduler.on_trial_result(self._floor, seat, seat.last_result)
        last = report.step >= self.spec.budget.epochs
        if last:
            self._complete(seat)
        elif decision == self.scheduler.STOP:
            self._stop(seat)
        elif seat.number in self._stopped:
            self._prune(seat, BY_HAND)
        elif decision == self.scheduler.PAUSE:
            self._pause(seat)
        self._give_up_stopped()
        return seat.status == RUNNING and not self._over()

    def _out_of_bounds(self, seat: Seat, report: Report) -> bool:
        """End a trial that breaks a constraint for good, unseen by the scheduler; whether it does."""
        if not (cause := out_of_bounds(report.metrics, self.ledger.goals)):
            return False
        seat.status = TERMINATED
        self.scheduler.on_trial_remove(self._floor, seat)
        if report.step == 0:
            self.ledger.measured(seat.number, report.metrics)
        self.observer.ended(self.ledger.tell(seat.number, State.PRUNED, cause=cause))
        self._give_up_stopped()
        return True

    def _err(self, seat: Seat) -> None:
        seat.status = ERROR
        self.scheduler.on_trial_error(self._floor, seat)

    def _complete(self, seat: Seat) -> None:
        seat.status = TERMINATED
        self.scheduler.on_trial_complete(self._floor, seat, seat.last_result)
        self.observer.ended(self.ledger.tell(seat.number, State.COMPLETE))
        self._give_up_stopped()

    def _stop(self, seat: Seat) -> None:
        seat.status = TERMINATED
        self.scheduler.on_trial_complete(self._floor, seat, seat.last_result)
        self.observer.ended(self.ledger.tell(seat.number, State.PRUNED))

    def _pause(self, seat: Seat) -> None:
        seat.status = PAUSED
        self.ledger.pause(seat.number, True)
        self.observer.ended(self.ledger.trial(seat.number))

    def _give_up_stopped(self) -> None:
        while self._floor.stopped:
            self._prune(self._floor.stopped.pop())

    def _prune(self, seat: Seat, cause: str | None = None) -> None:
        seat.status = TERMINATED
        self.scheduler.on_trial_remove(self._floor, seat)
        if self.ledger.trial(seat.number).state.finished:  # told before a kill, and found again by the replay
            return
        self.observer.ended(self.ledger.tell(seat.number, State.PRUNED, cause=cause))

    def _hopeless(self) -> bool:
        if self._causes.total() < SAME_CAUSE or len(self._causes) > 1:
            return False
        return not any(_well(seat) for seat in self._floor.seats.values())

    def _result(self, report: Report) -> dict[str, float]:
        """A report as Ray's schedulers read it."""
        told = {STEP: report.step, **report.metrics}
        return told if self.saves_epochs else {SECONDS: report.seconds, **told}

    # --- finding work ---

    def _interrupted(self) -> int | None:
        return self._waiting.pop(0) if self._waiting else None

    def _promoted(self) -> int | None:
        seat = self.scheduler.choose_trial_to_run(self._floor)
        self._give_up_stopped()
        if seat is None or seat.status != PAUSED or seat.number in self._out:
            return None
        go_on(self.ledger, self.spec.space, seat)
        return int(seat.number)

    def _new(self) -> int | None:
        number = len(self._floor.seats)
        if number >= self.spec.budget.trials:
            return None
        wish = getattr(self.scheduler, "wish", None)
        if number >= self.drawing.trials or (point := self.drawing.point(number, wish)) is None:
            self.limits.reason = self.limits.reason or f"every point was tried: there are {number}"
            return self._promoted_at_last()
        trial = self.ledger.ask(exactly(point), self.spec.space.suggest)
        self._seat(trial)
        return trial.number

    def _promoted_at_last(self) -> int | None:
        """Whoever waited for the trials that will not come."""
        if self._floor.full:
            return None
        self._floor.full = True
        return self._promoted()

    def _seat(self, trial: TrialRecord) -> Seat:
        seat = self._floor.seats[trial.number] = Seat(trial.number, config={} if trial.set_aside else trial.params)
        self.scheduler.on_trial_add(self._floor, seat)
        return seat

    def assignment(self, trial: TrialRecord, step: int | None = None) -> Assignment:
        """What a worker needs to run a trial, from its next epoch on; or what it trained epoch `step` with."""
        exchanges = self.spec.scheduler_choice.exchanges(self.spec.budget.epochs)
        may_be_copied = kept(exchanges, self._floor.seats.values(), STEP)
        found = assignment_of(self.spec, self.ledger, trial, step)
        return replace(found, import_paths=self.import_paths, kept=may_be_copied)

    # --- coming back ---

    def _replay(self) -> None:
        """Bring a fresh scheduler to where the ledger left it, and note which trials were with workers."""
        trials = {trial.number: trial for trial in self.ledger.trials()}
        for number, said in self.ledger.events():
            self._seat_until(number, trials)
            if isinstance(said, State):
                self._retell_end(self._floor.seats[number], said)
            else:
                self._retell(trials[number], said)
        self._seat_until(len(trials) - 1, trials)
        for trial in trials.values():
            self._settle(trial)

    def _seat_until(self, number: int, trials: Mapping[int, TrialRecord]) -> None:
        for missing in range(len(self._floor.seats), number + 1):
            seat = self._seat(trials[missing])
            seat.status = TERMINATED if trials[missing].set_aside else RUNNING
            if trials[missing].set_aside:
                self.scheduler.on_trial_remove(self._floor, seat)

    def _retell(self, trial: TrialRecord, report: Report) -> None:
        seat = self._floor.seats[trial.number]
        self._spending.reported(trial.number, report)
        if seat.is_finished():  # set aside, or this scheduler would have stopped it: another one ran it then
            return
        if seat.status == PAUSED:  # it was promoted before it could report again
            seat.exploit = None
            retell(seat, trial, seat.last_result[STEP])
            seat.status = RUNNING
        if broken := no_number(report, self.ledger.goals):
            self._broken[trial.number] = broken
            return
        if broken := out_of_bounds(report.metrics, self.ledger.goals):
            self._broken[trial.number] = broken
            seat.status = TERMINATED
            self.scheduler.on_trial_remove(self._floor, seat)
            return
        seat.last_result = self._result(report)
        decision = self.scheduler.on_trial_result(self._floor, seat, seat.last_result)
        if report.step >= self.spec.budget.epochs or decision == self.scheduler.STOP:
            seat.status = TERMINATED
            self.scheduler.on_trial_complete(self._floor, seat, seat.last_result)
        elif decision == self.scheduler.PAUSE:
            seat.status = PAUSED
        self._floor.stopped.clear()

    def _settle(self, trial: TrialRecord) -> None:
        """Make the seat and the ledger agree about a trial."""
        seat = self._floor.seats[trial.number]
        if trial.set_aside:
            return
        if trial.state is State.FAIL:
            if seat.status != ERROR:
                self._err(seat)
            self._causes[kind_of(trial.cause or "")] += 1
        elif trial.state.finished:
            self._retell_end(seat, trial.state)
        elif seat.status == TERMINATED:
            cause = self._broken.get(trial.number)
            whole = trial.epochs >= self.spec.budget.epochs and cause is None
            self.ledger.tell(trial.number, State.COMPLETE if whole else State.PRUNED, cause=cause)
        elif trial.number in self._broken:
            self._err(seat)
            self.ledger.tell(trial.number, State.FAIL, cause=self._broken[trial.number])
        elif trial.number in self._stopped:
            self._prune(seat, BY_HAND)
        elif seat.status == PAUSED:
            if trial.state is not State.PAUSED:  # of a thousand that wait, each write would be flushed to the disk
                self.ledger.pause(trial.number, True)
        else:
            self._waiting.append(trial.number)

    def _retell_end(self, seat: Seat, state: State) -> None:
        """A trial that ended by itself, or was cut short: its reports alone do not tell the scheduler so."""
        if seat.is_finished():
            return
        if state is State.FAIL:
            self._err(seat)
            return
        seat.status = TERMINATED
        if state is State.COMPLETE:
            self.scheduler.on_trial_complete(self._floor, seat, seat.last_result)
        else:
            self.scheduler.on_trial_remove(self._floor, seat)


def _well(seat: Seat) -> bool:
    """Whether a trial shows that trials can do well: it ended without a failure, or has a value, and no failure yet."""
    return seat.status == TERMINATED or (seat.status != ERROR and bool(seat.last_result))
