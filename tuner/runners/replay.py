"""Trials on recorded curves, in simulated time: the conductor's decisions, with any number of simulated workers."""

from __future__ import annotations

import heapq
import math
import time

from search_spaces.flat import SLOT
from tracking.records import Report
from tuner.assignment import Assignment
from tuner.conductor import Conductor
from tuner.recorded import METRIC, RecordedTask
from tuner.traces import Trace

NEARLY = 1e-9
"""A budget is spent when so much of it is left: shares of trainings do not add up exactly."""


def run(
    conductor: Conductor,
    task: RecordedTask,
    workers: int,
    trainings: float = math.inf,
    seconds: float = math.inf,
) -> Trace:
    """Run the whole sweep, and tell what it found at which cost.

    A worker's trial reports each level when its recorded cost has passed; one that goes on after a pause takes only
    what it had not spent before. What comes at the same time comes in the order of the trials' numbers.

    Args:
        conductor: Its ledger best in memory.
        task: Whose curves are replayed; its space is the conductor's.
        workers: How many trials are at work at once.
        trainings: Stop when so many whole trainings are spent.
        seconds: Stop after so many simulated seconds.
    """
    return _Replay(conductor, task, workers, trainings, seconds).run()


class _Training:
    """One trial's recorded training, and how many of its levels it has reported."""

    def __init__(self, task: RecordedTask, job: Assignment) -> None:
        config = job.choices[SLOT]
        self._epochs, self._shares = task.epochs, [0.0, *task.shares]
        self._values, self._costs = task.curve(config), [0.0, *task.cost(config)]
        self._done = 0

    def seconds(self) -> float:
        """Simulated seconds that the next level takes."""
        return self._costs[self._done + 1] - self._costs[self._done]

    def report(self) -> tuple[Report, float]:
        """The next level's report, with the share of a whole training that it took."""
        done, self._done = self._done, self._done + 1
        report = Report(self._epochs[done], {METRIC: self._values[done]}, self._costs[done + 1])
        return report, self._shares[done + 1] - self._shares[done]


class _Replay:
    def __init__(
        self, conductor: Conductor, task: RecordedTask, workers: int, trainings: float, seconds: float
    ) -> None:
        self._conductor, self._task, self._workers = conductor, task, workers
        self._trainings, self._seconds = trainings - NEARLY, seconds
        self._trace = Trace()
        self._begun: dict[int, _Training] = {}
        self._coming: list[tuple[float, int]] = []
        """When the next report of each trial at work comes, the earliest first."""
        self._clock = 0.0

    def run(self) -> Trace:
        """Let time pass from report to report."""
        self._fill()
        while self._coming and self._coming[0][0] <= self._seconds and self._trace.trainings < self._trainings:
            self._clock, number = heapq.heappop(self._coming)
            self._report(number)
            self._fill()
        return self._trace

    def _fill(self) -> None:
        """Give each free worker a trial, as far as there are any."""
        while len(self._coming) < self._workers and (job := self._next()) is not None:
            if job.number not in self._begun:
                self._begun[job.number] = _Training(self._task, job)
            self._go_on(job.number)

    def _next(self) -> Assignment | None:
        began = time.perf_counter()
        job = self._conductor.next_job()
        if job is not None and job.number not in self._begun:
            self._trace.suggesting.append(time.perf_counter() - began)
            self._trace.trials += 1
        return job

    def _go_on(self, number: int) -> None:
        heapq.heappush(self._coming, (self._clock + self._begun[number].seconds(), number))

    def _report(self, number: int) -> None:
        report, share = self._begun[number].report()
        self._trace.add(share, self._clock, report.metrics[METRIC], self._conductor.ledger.objective)
        if self._conductor.report(number, report):
            self._go_on(number)
        else:
            self._conductor.finished(number)
