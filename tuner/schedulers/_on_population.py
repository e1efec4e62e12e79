"""A population's bookkeeping as a Ray Tune `TrialScheduler`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ray.tune.schedulers import TrialScheduler

from tuner.seats import PAUSED, RUNNING, Exploit, Floor, Seat

if TYPE_CHECKING:
    from search_spaces.space import Point
    from tracking.records import Objective
    from tuner.population import Population
    from tuner.rungs import Answer


class Explore(Protocol):
    """Finds settings for a trial that copies another."""

    def __call__(self, number: int, epoch: int, params: Mapping[str, Any], pending: list[Mapping[str, Any]]) -> Point:
        """The searched values with which a trial goes on.

        Args:
            number: The trial.
            epoch: The epoch after which it copies.
            params: What the copied trial trained with up to there.
            pending: What the trials at work train with.
        """


class OnPopulation(TrialScheduler):
    """Tells a population what happens, and says who goes on next, as a copy of whom and with which settings.

    A trial is compared when it is about to go on, not when it reports: by then the others that take turns with it have
    come as far. A report that comes a second time gets the answer of the first. A value that is no number stops its
    trial and is compared with nothing.
    """

    def __init__(self, population: Population, explore: Explore, objective: Objective) -> None:
        super().__init__()
        self._metric = objective.metric
        self._sign = 1.0 if objective.mode == "max" else -1.0
        self._population, self._explore = population, explore
        self._seats: dict[int, Seat] = {}
        self._answers: dict[tuple[int, int], Answer] = {}
        self._found: dict[tuple[int, int, int], Exploit | None] = {}

    def on_trial_add(self, tune_controller: Floor, trial: Seat) -> None:
        """A new trial takes part."""
        self._seats[trial.number] = trial
        self._population.enter(trial.number)

    def on_trial_result(self, tune_controller: Floor, trial: Seat, result: dict[str, Any]) -> Answer:
        """Whether the trial goes on or waits."""
        epoch, value = result["training_iteration"], result[self._metric]
        if not math.isfinite(value):
            return "STOP"
        told = (trial.number, epoch)
        if told not in self._answers:
            donor = trial.exploit.donor if trial.exploit else None
            score = self._sign * value
            self._answers[told] = self._population.report(trial.number, epoch, score, trial.config, donor)
        return self._answers[told]

    def on_trial_complete(self, tune_controller: Floor, trial: Seat, result: dict[str, Any]) -> None:
        """The trial is over; others may still copy what it was."""

    def on_trial_error(self, tune_controller: Floor, trial: Seat) -> None:
        """The trial has failed."""
        self._population.fail(trial.number)

    def on_trial_remove(self, tune_controller: Floor, trial: Seat) -> None:
        """The trial was ended while it waited."""

    def choose_trial_to_run(self, tune_controller: Floor) -> Seat | None:
        """The waiting trial that goes on next, if one may; its `exploit` says as whose copy."""
        paused = {number for number, seat in self._seats.items() if seat.status == PAUSED}
        number = self._population.promoted(paused, tune_controller.full)
        if number is None:
            return None
        self._seats[number].exploit = self._exploit(number)
        return self._seats[number]

    def debug_string(self) -> str:
        """How many trials it knows, for Ray's console."""
        return f"{type(self._population).__name__}: {len(self._seats)} trials"

    def _exploit(self, number: int) -> Exploit | None:
        """Found once for as long as nothing new is told: a busy runner asks many times."""
        asked = (number, self._population.epoch(number), len(self._answers))
        if asked not in self._found:
            self._found = {asked: self._copy(number)}
        return self._found[asked]

    def _copy(self, number: int) -> Exploit | None:
        epoch, donor = self._population.epoch(number), self._population.donor(number)
        if donor is None:
            return None
        pending = [seat.config for seat in self._seats.values() if seat.status == RUNNING]
        params = self._population.turns[donor, epoch].params
        return Exploit(donor, self._explore(number, epoch, params, pending))
