"""Configurations as numbers between 0 and 1, for models that want them so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from quality.tasks import Config, Task


def features(task: Task, config: Config) -> np.ndarray:
    """Numbers by their place in their range, ordered lists by their index, the others one-hot; inactive ones are 0."""
    active = task.active(config)
    return np.concatenate([_of(about, active.get(name)) for name, about in task.space.items()])


def _of(about: Mapping[str, Any], value: Any) -> np.ndarray:
    choices = about.get("choices", ())
    if about["type"] == "cat":
        return np.array([float(choice == value) for choice in choices])
    if value is None:
        return np.zeros(1)
    if about["type"] == "ord":
        return np.array([choices.index(value) / max(1, len(choices) - 1)])
    low, high, value = about["low"], about["high"], float(value)
    if about["log"]:
        low, high, value = np.log(low), np.log(high), np.log(value)
    return np.array([(value - low) / (high - low)])
