"""A method's bookkeeping as a Ray Tune `TrialScheduler`."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ray.tune.schedulers import TrialScheduler

from tuner.seats import PAUSED, PENDING, RUNNING, Floor, Seat

if TYPE_CHECKING:
    from tracking.records import Objective
    from tuner.rungs import Answer, Book


class OnRungs(TrialScheduler):
    """Tells a `Book` what happens, and gives its answers in Ray's terms.

    A report that comes a second time gets the answer of the first, and the book does not hear of it. A value that is
    no number stops its trial and reaches no rung.
    """

    def __init__(self, book: Book, objective: Objective) -> None:
        super().__init__()
        self._metric = objective.metric
        self._sign = 1.0 if objective.mode == "max" else -1.0
        self._book = book
        self._seats: dict[int, Seat] = {}
        self._waiting = _Waiting(self._seats)
        self._closed = False
        self._busy: set[int] = set()
        """Every trial that is at work, and some that no longer are."""
        self._answers: dict[tuple[int, int], Answer] = {}

    def on_trial_add(self, tune_controller: Floor, trial: Seat) -> None:
        """A new trial takes part."""
        self._seats[trial.number] = trial
        self._busy.add(trial.number)
        self._book.enter(trial.number)

    def on_trial_result(self, tune_controller: Floor, trial: Seat, result: dict[str, Any]) -> Answer:
        """Whether the trial goes on, waits or stops."""
        epoch, value = result["training_iteration"], result[self._metric]
        if not math.isfinite(value):
            return "STOP"
        told = (trial.number, epoch)
        if told not in self._answers:
            self._answers[told] = self._book.report(trial.number, epoch, self._sign * value)
            self._give_up(tune_controller)
        answer = self._answers[told]
        (self._busy.add if answer == "CONTINUE" else self._busy.discard)(trial.number)
        (self._waiting.touch if answer == "PAUSE" else self._waiting.drop)(trial.number)
        return answer

    def on_trial_complete(self, tune_controller: Floor, trial: Seat, result: dict[str, Any]) -> None:
        """The trial is over, by itself or because it was stopped."""
        self._leave(tune_controller, trial)

    def on_trial_error(self, tune_controller: Floor, trial: Seat) -> None:
        """The trial has failed."""
        self._leave(tune_controller, trial)

    def on_trial_remove(self, tune_controller: Floor, trial: Seat) -> None:
        """The trial was ended while it waited."""
        self._leave(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: Floor) -> Seat | None:
        """The waiting trial that goes on next, if one may."""
        if tune_controller.full and not self._closed:
            self._closed = True
            self._book.close()
            self._give_up(tune_controller)
        running = any(self._seats[number].status in (PENDING, RUNNING) for number in self._busy)
        number = self._book.promoted(self._waiting, running)
        if number is None:
            return None
        self._busy.add(number)
        self._waiting.touch(number)
        return self._seats[number]

    def debug_string(self) -> str:
        """How many trials it knows, for Ray's console."""
        return f"{type(self._book).__name__}: {len(self._seats)} trials"

    def _leave(self, floor: Floor, seat: Seat) -> None:
        self._busy.discard(seat.number)
        self._waiting.drop(seat.number)
        self._book.leave(seat.number)
        self._give_up(floor)

    def _give_up(self, floor: Floor) -> None:
        while self._book.given_up:
            seat = self._seats[self._book.given_up.pop(0)]
            if seat.status == PAUSED:
                floor.stop_trial(seat)


class _Waiting(Collection[int]):
    """The numbers of the seats that wait, as they stand when asked, in order.

    Of thousands that wait few come or go from one question to the next: only those are looked at again.
    """

    def __init__(self, seats: Mapping[int, Seat]) -> None:
        self._seats = seats
        self._settled: list[int] = []
        self._unsettled: set[int] = set()

    def __contains__(self, number: object) -> bool:
        seat = self._seats.get(number)  # type: ignore[call-overload]
        return seat is not None and seat.status == PAUSED

    def __iter__(self) -> Iterator[int]:
        self._settle()
        return iter(self._settled)

    def __len__(self) -> int:
        self._settle()
        return len(self._settled)

    def touch(self, number: int) -> None:
        """A seat is to wait, or to go on: soon it waits, or waits no longer."""
        self.drop(number)
        self._unsettled.add(number)

    def drop(self, number: int) -> None:
        """A seat is at work, or over."""
        self._unsettled.discard(number)
        place = bisect_left(self._settled, number)
        if self._settled[place : place + 1] == [number]:
            del self._settled[place]

    def _settle(self) -> None:
        for number in [it for it in self._unsettled if it in self]:
            self._unsettled.remove(number)
            insort(self._settled, number)
