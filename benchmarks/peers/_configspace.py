"""A task's space as a ConfigSpace, with its conditions, and its ordered lists as ordered hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    ConfigurationSpace,
    InCondition,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from quality.tasks import Task


def space_of(task: Task, seed: int) -> ConfigurationSpace:
    """The whole space."""
    found = ConfigurationSpace(seed=seed)
    found.add([_hyperparameter(name, about) for name, about in task.space.items()])
    for name, about in task.space.items():
        conditions = [InCondition(found[name], found[parent], values) for parent, values in about.get("when", ())]
        if len(conditions) == 1:
            found.add(conditions[0])
        elif conditions:
            found.add(AndConjunction(*conditions))
    return found


def _hyperparameter(name: str, about: Mapping[str, Any]) -> Any:
    match about["type"]:
        case "float":
            return UniformFloatHyperparameter(name, about["low"], about["high"], log=about["log"])
        case "int":
            return UniformIntegerHyperparameter(name, about["low"], about["high"], log=about["log"])
        case "ord":
            return OrdinalHyperparameter(name, about["choices"])
        case _:
            return CategoricalHyperparameter(name, about["choices"])


def plain(task: Task, config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with Python's own numbers and words, whose active part the task understands."""
    return {name: _plain(task.space[name], value) for name, value in dict(config).items()}


def _plain(about: Mapping[str, Any], value: Any) -> Any:
    if about["type"] in ("cat", "ord"):
        return next(choice for choice in about["choices"] if choice == value)
    return int(value) if about["type"] == "int" else float(value)
