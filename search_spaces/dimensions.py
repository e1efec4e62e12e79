"""What one hyperparameter may be: a range, a list of options, or a single value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

Value = bool | int | float | str | None


class DimensionError(ValueError):
    """A range or a list of options that cannot be searched."""


class Draws(Protocol):
    """What a dimension needs of an Optuna trial."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer."""
        ...

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A real number."""
        ...

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Any:
        """One of the options."""
        ...


@dataclass(frozen=True)
class Between:
    """A range of numbers, both ends in; of integers if both ends are integers.

    Args:
        low: The smallest value.
        high: The largest value.
        log: Search on a logarithmic scale.
        step: Search only low, low + step, low + 2 step, ...
        shapes: Whether it changes the shape of tensors. Trials that differ only in other dimensions can be stacked.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    shapes: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise DimensionError(f"both ends must be finite numbers, got low={self.low}, high={self.high}")
        if self.low >= self.high:
            raise DimensionError(f"low must be below high, got low={self.low}, high={self.high}")
        if self.log and self.low <= 0:
            raise DimensionError(f"a log range must start above zero, got low={self.low}")
        if self.step is not None and self.log:
            raise DimensionError(f"a range has a step or a log scale, not both, got step={self.step}, log=true")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise DimensionError(f"step must be above zero and fit into the range, got step={self.step}")
        if self.step is not None and not math.isclose(steps := (self.high - self.low) / self.step, round(steps)):
            nearest = self.low + math.floor(steps) * self.step
            raise DimensionError(
                f"high must be a whole number of steps above low, got low={self.low}, high={self.high}, "
                f"step={self.step}: the nearest below is {nearest:g}"
            )

    @property
    def integer(self) -> bool:
        """Whether the range holds integers."""
        return all(isinstance(number, int) for number in (self.low, self.high, self.step) if number is not None)

    @property
    def size(self) -> float:
        """How many values there are; infinity for a continuous range."""
        step = self.step or (1 if self.integer else 0)
        return math.floor((self.high - self.low) / step + 1e-9) + 1 if step else math.inf

    def contains(self, value: Value) -> bool:
        """Whether a value lies in the range."""
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    def usual(self, default: Value = None) -> Value:
        """The default if it lies in the range, else the middle on the range's own scale."""
        return default if self.contains(default) else self._at(0.5)

    def as_float(self) -> Between:
        """The same range of real numbers."""
        return replace(self, low=float(self.low), high=float(self.high))

    def as_int(self) -> Between:
        """The same range of integers; refused if an end or the step is none."""
        given: dict[str, float | None] = {"low": self.low, "high": self.high, "step": self.step}
        whole = {key: int(number) for key, number in given.items() if number is not None and number == int(number)}
        if broken := [key for key, number in given.items() if number is not None and key not in whole]:
            raise DimensionError(f"takes integers, so {broken[0]} must be one, got {broken[0]}={given[broken[0]]}")
        return replace(self, low=whole["low"], high=whole["high"], step=whole.get("step"))

    def fit(self, annotation: object) -> Between:
        """The same range for a field of that type."""
        if annotation is float:
            return self.as_float()
        return self.as_int() if annotation is int else self

    def suggest(self, trial: Draws, name: str) -> Value:
        """Draw a value from an Optuna trial."""
        if self.integer:
            return trial.suggest_int(name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def grid(self, points: int = 5) -> list[Value]:
        """All values if there are at most `points`, else that many, evenly spread on the range's own scale."""
        if self.size <= points:
            step = self.step or 1
            return [self._kind(self.low + i * step) for i in range(int(self.size))]
        return list(dict.fromkeys(self._at(i / (points - 1)) for i in range(points)))

    def _at(self, share: float) -> Value:
        if self.log:
            return self._kind(self.low * (self.high / self.low) ** share)
        value = self.low + (self.high - self.low) * share
        if self.step:
            value = self.low + round((value - self.low) / self.step) * self.step
        return self._kind(min(value, self.high))

    def _kind(self, value: float) -> Value:
        return round(value) if self.integer else float(value)

    def __str__(self) -> str:
        notes = [note for note in ("log" if self.log else "", f"step {self.step}" if self.step else "") if note]
        return f"{self.low} .. {self.high}" + (f" ({', '.join(notes)})" if notes else "")


@dataclass(frozen=True, init=False)
class Among:
    """A list of options: `Among("relu", "tanh")`."""

    options: tuple[Value, ...]
    shapes: bool = False

    def __init__(self, *options: Value, shapes: bool = False) -> None:
        if not options:
            raise DimensionError("a list of options must hold at least one, got []")
        if unfit := [option for option in options if not isinstance(option, bool | int | float | str | None)]:
            raise DimensionError(f"options must be numbers, texts, true, false or null, got {unfit[0]!r}")
        if repeated := [option for i, option in enumerate(options) if option in options[:i]]:
            raise DimensionError(f"options must differ, got {repeated[0]!r} twice")
        object.__setattr__(self, "options", tuple(options))
        object.__setattr__(self, "shapes", shapes)

    @property
    def size(self) -> float:
        """How many options there are."""
        return len(self.options)

    def contains(self, value: Value) -> bool:
        """Whether a value is one of the options."""
        return value in self.options

    def usual(self, default: Value = None) -> Value:
        """The default if it is an option, else the one in the middle of the list."""
        return default if default in self.options else self.options[len(self.options) // 2]

    def suggest(self, trial: Draws, name: str) -> Value:
        """Draw an option from an Optuna trial."""
        chosen: Value = trial.suggest_categorical(name, self.options)
        return chosen

    def grid(self, points: int = 5) -> list[Value]:
        """All options."""
        return list(self.options)

    def __str__(self) -> str:
        return " | ".join(str(option) for option in self.options)


@dataclass(frozen=True)
class Fixed:
    """A single value: nothing to search."""

    value: Any
    shapes: bool = False
    size: float = 1

    def contains(self, value: Any) -> bool:
        """Whether it is the value."""
        return bool(value == self.value)

    def usual(self, default: Any = None) -> Any:
        """The value."""
        return self.value

    def suggest(self, trial: Draws, name: str) -> Any:
        """The value; the trial is not asked."""
        return self.value

    def grid(self, points: int = 5) -> list[Any]:
        """The value."""
        return [self.value]

    def __str__(self) -> str:
        return f"{self.value}"


Dimension = Between | Among | Fixed

RANGE_KEYS = ("low", "high", "log", "step")


def read(raw: Any) -> Dimension:
    """A dimension as a spec writes it: `{low, high, log, step}` a range, a list a choice, anything else fixed."""
    if isinstance(raw, Mapping) and ("low" in raw or "high" in raw):
        return _read_range(raw)
    if isinstance(raw, list):
        return Among(*raw)
    return Fixed(raw)


def _read_range(raw: Mapping[str, Any]) -> Between:
    if unknown := [key for key in raw if key not in RANGE_KEYS]:
        raise DimensionError(f"a range has the keys {', '.join(RANGE_KEYS)}, got {unknown[0]!r}")
    if missing := [key for key in ("low", "high") if key not in raw]:
        raise DimensionError(f"a range needs both low and high, {missing[0]} is missing")
    for key in ("low", "high", "step"):
        if key in raw and (isinstance(raw[key], bool) or not isinstance(raw[key], int | float)):
            raise DimensionError(f"{key} must be a number, got {raw[key]!r}")
    if not isinstance(raw.get("log", False), bool):
        raise DimensionError(f"log must be true or false, got {raw['log']!r}")
    return Between(**raw)
