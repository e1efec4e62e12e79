"""A search on a recorded task in simulated time, by the ledger, conductor, searchers and schedulers of every sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from search_spaces.problems import Problem, Problems
from search_spaces.space import Space
from tracking.ledger import Ledger
from tuner.conductor import Conductor
from tuner.errors import SpecError, UsageError
from tuner.recorded import RecordedTask
from tuner.runners import replay
from tuner.sections import Budget, ObjectiveSpec
from tuner.seeds import seed_of
from tuner.spec import SweepSpec, option_problems
from tuner.traces import Trace, regret_at

__all__ = ["RecordedSpec", "Trace", "check", "regret_at", "simulate"]

Named = str | Mapping[str, Mapping[str, Any]]
MOST_TRIALS = 100_000
"""How many trials a simulation has at most whose only budget is in seconds."""


class RecordedSpec(SweepSpec):
    """The spec of a sweep over a recorded task: its space is the task's own."""

    recorded: Any
    """What the task varies, a `FlatSpace`."""

    @cached_property
    def space(self) -> Space:
        """What the task varies."""
        found: Space = self.recorded
        return found


def simulate(  # noqa: PLR0913 - a budget each by its name
    task: RecordedTask,
    searcher: Named = "random",
    scheduler: Named = "none",
    *,
    seed: int = 0,
    workers: int = 1,
    trainings: float | None = None,
    seconds: float | None = None,
    trials: int | None = None,
) -> Trace:
    """Search a recorded task until the first of the given budgets is spent; the same arguments give the same trace.

    Args:
        task: `tuner.recorded.load(folder, name)`.
        searcher: As a spec names it: a name, or {name: {options}}.
        scheduler: The same.
        seed: With the task's name it makes the sweep's seed.
        workers: How many trials are at work at once.
        trainings: The budget in whole trainings, those of all workers added up.
        seconds: The budget in simulated seconds.
        trials: The budget in trials.

    Raises:
        UsageError: No budget is given.
        SpecError: The searcher or the scheduler is unknown, or cannot search the task.
    """
    if trainings is None and seconds is None and trials is None:
        raise UsageError("a simulation needs an end: give trainings, seconds or trials")
    spec = _spec(task, searcher, scheduler, seed, trials or _most_trials(task, trainings))
    ledger = Ledger.in_memory(task.name, {"budget": {"epochs": spec.budget.epochs}}, task.objective)
    built = spec.scheduler_choice.build(task.objective, spec.budget.epochs, spec.trials, spec.space, spec.seed)
    return replay.run(
        Conductor(spec, ledger, built, saves_epochs=seconds is None),
        task,
        workers,
        math.inf if trainings is None else trainings,
        math.inf if seconds is None else seconds,
    )


def check(task: RecordedTask, searcher: Named, scheduler: Named) -> None:
    """Raise `SpecError` if the searcher or the scheduler is unknown, or does not go with the task."""
    _spec(task, searcher, scheduler, seed=0, trials=1)


def _spec(task: RecordedTask, searcher: Named, scheduler: Named, seed: int, trials: int) -> RecordedSpec:
    if problems := [
        *option_problems("searcher", "tuner.searchers", searcher),
        *option_problems("scheduler", "tuner.schedulers", scheduler),
    ]:
        raise SpecError(problems, task.name)
    spec = RecordedSpec(
        dataset=task.name,
        architecture=task.name,
        recorded=task.space,
        objective=ObjectiveSpec(metric=task.objective.metric, mode=task.objective.mode),
        searcher=searcher,
        scheduler=scheduler,
        budget=Budget(trials=trials, epochs=task.epochs[-1]),
        seed=seed_of(seed, task.name),
    )
    if problems := list(_misfits(spec)):
        raise SpecError(problems, task.name)
    return spec


def _misfits(spec: RecordedSpec) -> Iterator[Problem]:
    """Why the searcher and the scheduler cannot go with the task, or with one another."""
    scheduler, epochs = spec.scheduler_choice, spec.budget.epochs
    if scheduler.exchanges(epochs):
        yield Problem("scheduler", f"{scheduler.key()} changes settings in mid-training, which no recorded curve shows")
        return
    yield from scheduler.problems(spec.space, spec.searcher_choice, epochs, spec.budget.trials)
    try:
        spec.searcher_choice.check(spec.space)
    except Problems as error:
        yield from error.problems


def _most_trials(task: RecordedTask, trainings: float | None) -> int:
    """How many trials a budget of trainings could start."""
    return MOST_TRIALS if trainings is None else math.ceil(trainings / task.shares[0]) + 1
