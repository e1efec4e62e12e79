"""Searchers and schedulers compared on recorded tasks: every pair on every task with every seed, in many processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tuner import recorded
from tuner.errors import UsageError
from tuner.recorded import RecordedTask
from tuner.simulation import check, simulate
from tuner.traces import regret_at

MARKS = (5.0, 10.0, 20.0, 40.0, 100.0)
"""The whole trainings after which searches are compared."""
POINTS = 80
"""Into how many parts a regret curve cuts the budget."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Contest:
    """What is compared on what.

    Attributes:
        folder: Of recorded tasks, with a `loader.py`.
        tasks: Their names.
        methods: Pairs of a searcher and a scheduler, by name.
        seeds: How many sweeps of each pair on each task.
        workers: Simulated workers.
        trainings: The budget of each sweep in whole trainings.
    """

    folder: Path
    tasks: tuple[str, ...]
    methods: tuple[tuple[str, str], ...]
    seeds: int = 20
    workers: int = 1
    trainings: float = 40.0

    @property
    def marks(self) -> tuple[float, ...]:
        """The trainings after which regret is told; the last is the budget."""
        return (*(mark for mark in MARKS if mark < self.trainings), self.trainings)

    @property
    def points(self) -> tuple[float, ...]:
        """The trainings at which the curves are drawn, evenly spaced up to the budget."""
        return tuple(self.trainings * part / POINTS for part in range(1, POINTS + 1))

    def __str__(self) -> str:
        parts = ((len(self.tasks), "task"), (self.seeds, "seed"), (self.workers, "worker"))
        counts = [f"{count} {word}" if count == 1 else f"{count} {word}s" for count, word in parts]
        return f"{counts[0]} x {counts[1]}, {counts[2]}, {self.trainings:g} whole trainings each"

    def check(self) -> None:
        """Refuse what cannot be compared, before anything runs.

        Raises:
            UsageError: A task is missing, cannot be read or has no reference values.
            SpecError: A searcher or a scheduler is unknown, or does not go with a task.
        """
        for name in self.tasks:
            task = _task(self.folder, name)
            _reference(task)
            for searcher, scheduler in self.methods:
                check(task, searcher, scheduler)

    def runs(self) -> list[Run]:
        """Every sweep, those on one task together, so that a process reads few of them."""
        return [
            Run(self, task, searcher, scheduler, seed)
            for task in self.tasks
            for searcher, scheduler in self.methods
            for seed in range(self.seeds)
        ]


@dataclass(frozen=True)
class Run:
    """One sweep of a contest."""

    contest: Contest
    task: str
    searcher: str
    scheduler: str
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What came of a sweep.

    Attributes:
        run: Which one.
        marks: The normalised regret at each of the contest's marks.
        points: The same at each of its points.
        trials: How many were started.
        suggesting: The real seconds that each suggestion took.
    """

    run: Run
    marks: list[float]
    points: list[float]
    trials: int
    suggesting: list[float]


def compare(contest: Contest, jobs: int) -> Iterator[Outcome]:
    """Play a contest in so many processes; with one, in this. Outcomes come in the order of `Contest.runs`."""
    if jobs == 1:
        yield from map(play, contest.runs())
        return
    with _one_thread_each():
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _ignore_ctrl_c)
        try:
            yield from pool.map(play, contest.runs())
        finally:
            pool.shutdown(cancel_futures=True)


def play(run: Run) -> Outcome:
    """Simulate one sweep."""
    contest, task = run.contest, _task(run.contest.folder, run.task)
    workers, trainings = contest.workers, contest.trainings
    trace = simulate(task, run.searcher, run.scheduler, seed=run.seed, workers=workers, trainings=trainings)
    regrets = regret_at(trace, _reference(task), task.maximize, [*contest.marks, *contest.points])
    split = len(contest.marks)
    return Outcome(run, regrets[:split], regrets[split:], trace.trials, trace.suggesting)


def _reference(task: RecordedTask) -> Mapping[str, float]:
    if task.ref is None or not {"best", "q50"} <= task.ref.keys():
        raise UsageError(f"the task {task.name!r} has no ref with best and q50, which regret is measured by")
    return task.ref


@cache
def _task(folder: Path, name: str) -> RecordedTask:
    """Read once a process."""
    return recorded.load(folder, name)


def _ignore_ctrl_c() -> None:
    """The parent is interrupted, and ends its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started inside compute with one thread, unless the environment says otherwise."""
    added = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
