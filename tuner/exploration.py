"""What may change while a network trains, and how population based training changes it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search_spaces.dimensions import Among, Between, Value
from search_spaces.imported import Imported
from search_spaces.space import Branch, Choices, Point, Space
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FACTORS = (0.8, 1.2)
"""What a number is multiplied by, one or the other."""
WITH_OPTIONS = ("optimizer", "lr_schedule")
"""Slots whose texts and switches may change too: elsewhere they can add or remove layers."""
STEPS = ("batch_size", "accumulate")
"""How many steps an epoch has follows from these, and learning-rate schedules count steps."""


def changeable(space: Space) -> dict[str, Between | Among]:
    """The searched dimensions, by dotted name, that a network in training, with its optimizer, can do with changed.

    Not which choice a slot has, nor the data; nothing that changes the shape of a tensor or the steps of an epoch. Of
    a user's own module only real numbers: an integer may be a width.
    """
    return {
        branch.parameter(field): dimension
        for slot, branches in space.slots.items()
        if slot != "dataset"
        for branch in branches
        for field, dimension in branch.dimensions.items()
        if isinstance(dimension, Between | Among) and field not in STEPS and _may_change(branch, dimension)
    }


def _may_change(branch: Branch, dimension: Between | Among) -> bool:
    if dimension.shapes:
        return False
    values = dimension.grid(2)
    if issubclass(branch.kind, Imported):
        return all(isinstance(value, float) for value in values)
    return branch.slot in WITH_OPTIONS or all(_is_number(value) for value in values)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Perturbation:
    """Changes settings as Jaderberg et al. (2017) do: a number is multiplied by 0.8 or 1.2, within its range.

    With some probability it is drawn afresh instead; an option is drawn afresh with that probability, and else stays.
    Each draw follows from the sweep's seed, the trial, the epoch and the setting's name.

    Args:
        space: What is searched.
        resample: The probability.
        seed: The sweep's.
    """

    def __init__(self, space: Space, resample: float, seed: int) -> None:
        self._changes = changeable(space)
        self._resample, self._seed = resample, seed

    def __call__(self, number: int, epoch: int, params: Mapping[str, Any]) -> Point:
        """The searched values for a trial that copies one with these `params` after an epoch."""
        return {name: self._changed(name, value, number, epoch) for name, value in params.items()}

    def _changed(self, name: str, value: Value, number: int, epoch: int) -> Value:
        from tuner.searchers._share import value_at

        draw = random.Random(seed_of(self._seed, "explore", number, epoch, name))
        if (dimension := self._changes.get(name)) is None:
            return value
        if draw.random() < self._resample:
            fresh: Value = value_at(draw.random(), distribution_of(dimension))
            return fresh
        if isinstance(dimension, Between) and isinstance(value, int | float):
            return moved(dimension, value, draw.choice(FACTORS))
        return value


def moved(dimension: Between, value: float, factor: float) -> Value:
    """The value times the factor, within the range; on a grid of steps the nearest other one in that direction."""
    low, high = dimension.low, dimension.high
    step = dimension.step or (1 if dimension.integer else None)
    if step is None:
        return min(max(value * factor, low), high)
    here, top = round((value - low) / step), round((high - low) / step)
    there = round((value * factor - low) / step)
    if there == here:
        there += 1 if (factor - 1) * (value or 1) > 0 else -1
    found = low + min(max(there, 0), top) * step
    return round(found) if dimension.integer else float(found)


def distribution_of(dimension: Between | Among) -> BaseDistribution:
    """The dimension in Optuna's terms."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(dimension, Among):
        return CategoricalDistribution(dimension.options)
    if dimension.integer:
        return IntDistribution(int(dimension.low), int(dimension.high), dimension.log, int(dimension.step or 1))
    return FloatDistribution(dimension.low, dimension.high, dimension.log, dimension.step)


def choices_of(space: Space, params: Point) -> Choices:
    """The whole choice in every slot that has these searched values."""
    return space.suggest(_Given(params))


class _Given:
    """Answers a space that draws with values that are known."""

    def __init__(self, params: Point) -> None:
        self._params = params

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return int(self._params[name])

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        return float(self._params[name])

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Any:
        return self._params[name]
