"""What a simulated search found, and what it cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tracking.records import Objective


@dataclass(frozen=True)
class Improvement:
    """A report that was better than all before it.

    Attributes:
        trainings: Whole trainings spent until then: the shares of one that all workers had reported, added up.
        seconds: Simulated seconds since the start.
        value: The new best value.
    """

    trainings: float
    seconds: float
    value: float


@dataclass
class Trace:
    """What a simulated search found, and what it cost.

    Attributes:
        improvements: In the order in which they came.
        trials: How many trials were started.
        trainings: Whole trainings spent in all.
        seconds: Simulated seconds in all.
        suggesting: The real seconds that each new trial's point took.
    """

    improvements: list[Improvement] = field(default_factory=list)
    trials: int = 0
    trainings: float = 0.0
    seconds: float = 0.0
    suggesting: list[float] = field(default_factory=list)

    @property
    def best(self) -> float | None:
        """The best value of all; None without a finite one."""
        return self.improvements[-1].value if self.improvements else None

    def add(self, share: float, clock: float, value: float, objective: Objective) -> None:
        """A level was reported: the share of a whole training that it took, and its value, which may be no number."""
        self.trainings += share
        self.seconds = clock
        if objective.better(value, self.best):
            self.improvements.append(Improvement(self.trainings, clock, value))


def regret_at(
    trace: Trace,
    ref: Mapping[str, float],
    maximize: bool,
    marks: Sequence[float],
    measure: Literal["trainings", "seconds"] = "trainings",
) -> list[float]:
    """The normalised regret of the best value that was known at each mark.

    It is (value - best) / (q50 - best): 0 for the best known value of the task, and for any that is better; 1 for a
    median random configuration, and for a search that has no value yet; above 1 for a worse one.

    Args:
        trace: Of the search.
        ref: The task's `best` and `q50`.
        maximize: Whether more is better.
        marks: So many trainings, or simulated seconds, had been spent.
        measure: Which of the two.
    """
    found = []
    for mark in marks:
        known = [it.value for it in trace.improvements if getattr(it, measure) <= mark + 1e-9]
        found.append(_regret(known[-1], ref, maximize) if known else 1.0)
    return found


def _regret(value: float, ref: Mapping[str, float], maximize: bool) -> float:
    sign = 1.0 if maximize else -1.0
    gap, whole = sign * (ref["best"] - value), sign * (ref["best"] - ref["q50"])
    return max(0.0, gap / whole) if not math.isclose(whole, 0.0, abs_tol=1e-300) else float(gap > 0)
