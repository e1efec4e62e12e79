"""What a sweep is judged by as a whole: its objectives and its constraints, and which of a trial's reports stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Mode = Literal["max", "min"]
Values = Mapping[str, float]
"""Metrics by name."""


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric a sweep is judged by, whether more of it is better, and the value that ends the sweep, if any."""

    metric: str = "val/accuracy"
    mode: Mode = "max"
    target: float | None = None

    def better(self, value: float, than: float | None) -> bool:
        """Whether `value` beats `than`; nothing beats a NaN challenger, anything finite beats None."""
        if not math.isfinite(value):
            return False
        if than is None:
            return True
        return value > than if self.mode == "max" else value < than

    def score(self, value: float) -> float:
        """The value with the sign by which higher is better."""
        return value if self.mode == "max" else -value

    def reached_by(self, value: float) -> bool:
        """Whether a value is the target or beyond; never without a target, nor by a value that is no number."""
        return self.target is not None and self.score(value) >= self.score(self.target)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Limits that a metric must keep: at least `min`, at most `max`; one of them, or both."""

    metric: str
    min: float | None = None
    max: float | None = None

    def excess(self, value: float) -> float:
        """How far a value is beyond the limit, as a share of the limit; 0 or less where it is kept.

        So constraints in different units can be added up. A limit of 0 counts as 1; a value that is no number is as
        far beyond as the limit itself.
        """
        if not math.isfinite(value):
            return 1.0
        beyond = [(value - self.max) / (abs(self.max) or 1.0)] if self.max is not None else []
        if self.min is not None:
            beyond.append((self.min - value) / (abs(self.min) or 1.0))
        return max(beyond)

    def told(self, value: float) -> str:
        """A value that breaks it, in words: `latency_ms 7.31, at most 5`."""
        above = self.max is not None and not value <= self.max
        return f"{self.metric} {value:,.6g}, at {f'most {self.max:,.6g}' if above else f'least {self.min:,.6g}'}"

    def __str__(self) -> str:
        low = f"{self.min:,.6g} <= " if self.min is not None else ""
        return f"{low}{self.metric}" + (f" <= {self.max:,.6g}" if self.max is not None else "")


@dataclass(frozen=True, slots=True)
class Goals:
    """The objectives, the first of which leads, and the constraints.

    A trial stands for one of its reports, whose checkpoint is kept: of those that break no constraint the one with the
    best value of the leading objective; of all of them while each breaks one. All its values are those of that report.
    """

    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Goals:
        """From what `attributes` gave, with the leading objective as `objective`."""
        objectives = [attributes["objective"], *attributes.get("further", [])]
        constraints = attributes.get("constraints", [])
        return cls(tuple(Objective(**it) for it in objectives), tuple(Constraint(**it) for it in constraints))

    @property
    def attributes(self) -> dict[str, Any]:
        """What there is besides the leading objective, as plain JSON data; nothing for a single objective."""
        further = [asdict(it) for it in self.objectives[1:]]
        constraints = [asdict(it) for it in self.constraints]
        return ({"further": further} if further else {}) | ({"constraints": constraints} if constraints else {})

    @property
    def leading(self) -> Objective:
        """The objective by which checkpoints are kept and schedulers decide."""
        return self.objectives[0]

    @property
    def single(self) -> bool:
        """Whether there is nothing but one objective."""
        return len(self.objectives) == 1 and not self.constraints

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that a report must have, the leading one first."""
        objectives = [it.metric for it in self.objectives]
        return tuple(dict.fromkeys([*objectives, *(it.metric for it in self.constraints)]))

    def finite(self, values: Values) -> bool:
        """Whether every objective has a value that is a number."""
        return all(math.isfinite(values.get(it.metric, math.nan)) for it in self.objectives)

    def excesses(self, values: Values) -> dict[str, float]:
        """How far each constrained metric that is known is beyond its limit, as a share of the limit."""
        return {it.metric: it.excess(values[it.metric]) for it in self.constraints if it.metric in values}

    def broken(self, values: Values) -> list[str]:
        """The constraints that these values break, each with the value and the limit, in words."""
        return [it.told(values[it.metric]) for it in self.constraints if self.excesses(values).get(it.metric, 0.0) > 0]

    def better(self, values: Values, than: Values | None) -> bool:
        """Whether a report stands for its trial rather than an earlier one: without broken constraints, then better."""
        if not self.finite(values):
            return False
        return than is None or self._standing(values) > self._standing(than)

    def reached_by(self, values: Values) -> bool:
        """Whether every objective with a target has reached it; never without any target."""
        aimed_at = [it for it in self.objectives if it.target is not None]
        return bool(aimed_at) and all(it.reached_by(values[it.metric]) for it in aimed_at)

    def scores(self, values: Values) -> tuple[float, ...]:
        """The objectives' values in their order, with the sign by which higher is better."""
        return tuple(it.score(values[it.metric]) for it in self.objectives)

    def _standing(self, values: Values) -> tuple[bool, float]:
        return not self.broken(values), self.leading.score(values[self.leading.metric])
