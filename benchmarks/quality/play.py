"""Plays a method on a recorded task with simulated workers.

What a level costs is the same for every method: going from one level to a later one costs the difference of their
shares of a full training, and takes the difference of their seconds, also after a pause. A value that is no number
ends its trial; what it cost is paid. The incumbent is the best finite value seen so far, at any level of any trial.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from quality.tasks import Config, Task

FREE_IN_A_ROW = 10_000
"""So many pieces of work that cost nothing, one after another, and a method goes in circles."""
T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """What a free worker is given.

    Attributes:
        key: The same for work that goes on with what an earlier one had trained.
        config: The configuration; hyperparameters that are inactive are ignored.
        until: The level to train to.
    """

    key: Hashable
    config: Config
    until: int


class Method(Protocol):
    """A search that makes losses small."""

    def ask(self) -> Work | None:
        """What a free worker does next; None if it has to wait for others."""

    def report(self, work: Work, level: int, loss: float) -> bool:
        """A level is done, its loss is a number; returns whether the work goes on."""

    def end(self, work: Work, level: int, loss: float) -> None:
        """The work is over: it came to its last level, was stopped, or failed, and then the loss is NaN."""


@dataclass
class Played:
    """What came of it.

    Attributes:
        steps: (when, loss) of each improvement. When is in full trainings: those spent so far with one worker, with
            more those that as many workers do on average in the simulated seconds so far.
        trials: How many configurations were begun.
        suggestion: Processor seconds of the method for each piece of work.
    """

    steps: list[tuple[float, float]] = field(default_factory=list)
    trials: int = 0
    suggestion: float = 0.0


@dataclass
class Job:
    """Work in progress: the curves of its configuration, when it was (re)started, as the how manieth work of all."""

    number: int
    work: Work
    losses: Any
    seconds: Any
    begun: int
    level: int
    since: float

    def due(self) -> float:
        """The simulated second of its next report."""
        before = self.seconds[self.begun - 1] if self.begun else 0.0
        return self.since + float(self.seconds[self.level] - before)


class Game:
    """One method on one task.

    Args:
        task: The task.
        method: Fresh.
        workers: How many trainings run at once.
        horizon: When it ends, in the unit of `Played.steps`.
    """

    def __init__(self, task: Task, method: Method, workers: int, horizon: float) -> None:
        self.task, self.method, self.workers, self.horizon = task, method, workers, horizon
        self.played = Played()
        self._reached: dict[Hashable, int] = {}
        self._queue: list[tuple[float, int, Job]] = []
        self._now = self._spent = self._thinking = 0.0
        self._asked = 0
        self._best = math.inf

    def run(self) -> Played:
        """Until the horizon, or until the method has nothing more to do."""
        while True:
            self._hand_out()
            if not self._queue:
                break
            self._now, _, job = heapq.heappop(self._queue)
            self._step(job)
            if self._when() >= self.horizon - 1e-9:
                break
        self.played.trials = len(self._reached)
        self.played.suggestion = self._thinking / max(1, self._asked)
        return self.played

    def _when(self) -> float:
        return self._spent if self.workers == 1 else self._now * self.workers / self.task.typical

    def _hand_out(self) -> None:
        for _ in range(FREE_IN_A_ROW):
            if len(self._queue) == self.workers:
                return
            work = self._timed(self.method.ask)
            if work is None:
                return
            self._asked += 1
            self._start(work)
        raise RuntimeError(f"{self.task.name}: {FREE_IN_A_ROW} pieces of work in a row cost nothing")

    def _start(self, work: Work) -> None:
        reached = self._reached.setdefault(work.key, 0)
        losses = self.task.losses(work.config)
        if work.until <= reached:
            self._timed(lambda: self.method.end(work, work.until, float(losses[work.until - 1])))
            return
        self._push(Job(self._asked, work, losses, self._seconds(work.config), reached, reached, self._now))

    def _seconds(self, config: Config) -> Any:
        """With one worker no two reports have to be put in order, and the model of the seconds need not be asked."""
        return self.task.shares if self.workers == 1 else self.task.seconds(config)

    def _push(self, job: Job) -> None:
        heapq.heappush(self._queue, (job.due(), job.number, job))

    def _step(self, job: Job) -> None:
        """The job's next level is done."""
        before = self.task.shares[job.level - 1] if job.level else 0.0
        self._spent += float(self.task.shares[job.level] - before)
        loss = float(job.losses[job.level])
        job.level += 1
        self._reached[job.work.key] = job.level
        self._keep(loss)
        if not math.isfinite(loss):
            self._timed(lambda: self.method.end(job.work, job.level, math.nan))
        elif self._timed(lambda: self.method.report(job.work, job.level, loss)) and job.level < job.work.until:
            self._push(job)
        else:
            self._timed(lambda: self.method.end(job.work, job.level, loss))

    def _keep(self, loss: float) -> None:
        if loss < self._best and self._when() <= self.horizon + 1e-9:
            self._best = loss
            self.played.steps.append((self._when(), loss))

    def _timed(self, call: Callable[[], T]) -> T:
        begin = time.thread_time()
        try:
            return call()
        finally:
            self._thinking += time.thread_time() - begin
