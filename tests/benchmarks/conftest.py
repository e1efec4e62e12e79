"""The benchmark's own modules, and a folder of tasks small enough to be followed by hand."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


class Line:
    """Loss 1 - x x level / R, for x from 0 to 1; a level takes `1 + x` seconds; x above 0.9 diverges at level 2."""

    space: ClassVar = {"x": {"type": "float", "low": 0.0, "high": 1.0, "log": False}}
    maximize = False
    ref: ClassVar = {"best": 0.0, "q50": 0.5}

    def __init__(self, levels: int = 4) -> None:
        self.R = levels

    def sample(self, rng: np.random.Generator, n: int = 1) -> list[dict[str, Any]]:
        return [{"x": float(rng.uniform())} for _ in range(n)]

    def curve(self, config: dict[str, Any]) -> np.ndarray:
        found = 1 - config["x"] * np.arange(1, self.R + 1) / self.R
        return np.where((config["x"] > 0.9) & (np.arange(self.R) > 0), np.nan, found)

    def cost(self, config: dict[str, Any]) -> np.ndarray:
        return np.arange(1, self.R + 1) * (1 + config["x"])


@pytest.fixture
def line() -> Callable[..., Any]:
    """A task of one number; more x is better, and slower."""
    from quality.tasks import Task

    return lambda levels=4: Task("line", Line(levels))
