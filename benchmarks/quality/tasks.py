"""Recorded tasks as every method of the benchmark sees them: a space, losses to be made small, shares and seconds.

A folder of tasks has a `loader.py` with `names()` and `load(name)`; what `load` gives has

- `.space`: {hyperparameter: dict(type float | int | cat | ord, low, high, log, choices, when)}, where `when` is a list
  of (parent, allowed values), all of which must hold;
- `.sample(rng)`: a list of random configurations; `.curve(config)`: the values at the levels 1 to `.R`;
- `.cost(config)`: the seconds up to each level; `.maximize`; `.ref`: `best` and `q50`, the best known value and that of
  a median random configuration; `.levels`, if they are not 1 to R: how much is trained up to each level.

The loader is code of whoever made the folder: it runs as such.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

Config = dict[str, Any]
SURROGATES = ("lcbench", "rbv2_", "nb301")
"""How the names of tasks begin whose values come from a model; all others are tables of real trainings."""


class Task:
    """One recorded task.

    Attributes:
        name: As the folder calls it.
        space: {hyperparameter: its range}, every parent before those that depend on it.
        top: The last level, a full training.
        shares: What share of a full training each level is, shape [top], rising to 1.
        amounts: The levels as whole numbers for methods that count epochs: 1 to top where levels are evenly spaced,
            else multiples of the first level. Shape [top].
        horizon: How many full trainings a run has by default: 40, or 100 where there is no level below the last.
    """

    def __init__(self, name: str, recorded: Any) -> None:
        self.name, self._recorded = name, recorded
        self.space = parents_first(recorded.space)
        self.top = int(recorded.R)
        levels = np.asarray(getattr(recorded, "levels", range(1, self.top + 1)), dtype=float)
        self.shares = levels / levels[-1]
        self.amounts = amounts(levels)
        self.horizon = 100 if self.top == 1 else 40
        self._sign = -1.0 if recorded.maximize else 1.0
        self._best, self._median = (self._sign * recorded.ref[key] for key in ("best", "q50"))

    @property
    def recorded(self) -> Any:
        """What the folder's loader gave."""
        return self._recorded

    @property
    def surrogate(self) -> bool:
        """Whether a model gives the values; else a table of real trainings does."""
        return self.name.startswith(SURROGATES)

    @functools.cached_property
    def typical(self) -> float:
        """The seconds of a full training, on average over 200 random configurations."""
        rng = np.random.default_rng(0)
        return float(np.mean([self.seconds(config)[-1] for config in self._recorded.sample(rng, 200)]))

    def seed(self, seed: int) -> int:
        """A seed of this task's own: the same draws on every task would make its results alike by chance."""
        return crc32(f"{self.name} {seed}".encode()) % 2**31

    def sample(self, rng: np.random.Generator) -> Config:
        """One random configuration."""
        found: Config = self._recorded.sample(rng, 1)[0]
        return found

    def active(self, config: Mapping[str, Any]) -> Config:
        """The part of a configuration that means something: hyperparameters whose conditions hold."""
        return {name: config[name] for name in self.space if name in config and self.holds(name, config)}

    def holds(self, name: str, config: Mapping[str, Any]) -> bool:
        """Whether a hyperparameter exists beside the values that its parents have."""
        when = self.space[name].get("when", ())
        return all(parent in config and config[parent] in values for parent, values in when)

    def losses(self, config: Mapping[str, Any]) -> np.ndarray:
        """The values up to a full training, negated where the task wants them large; may hold NaN. Shape [top]."""
        return self._sign * np.asarray(self._recorded.curve(self.active(config)), dtype=float)

    def seconds(self, config: Mapping[str, Any]) -> np.ndarray:
        """The seconds up to each level. Shape [top]."""
        return np.asarray(self._recorded.cost(self.active(config)), dtype=float)

    def regret(self, loss: float) -> float:
        """0 is the best known value (or better), 1 that of a median random configuration."""
        return max(0.0, (loss - self._best) / (self._median - self._best))

    def loss(self, value: float) -> float:
        """A value of the task's own as something to be made small."""
        return self._sign * value

    def level(self, amount: float) -> int:
        """The first level that trains at least so much, in the unit of `amounts`."""
        return min(self.top, int(np.searchsorted(self.amounts, amount - 0.5)) + 1)


def read(folder: Path) -> Any:
    """The `loader` module of a folder of tasks.

    Raises:
        SystemExit: The folder has none.
    """
    path = folder / "loader.py"
    if not path.is_file():
        raise SystemExit(f"--tasks {folder}: the folder has no loader.py; name a folder of recorded tasks")
    spec = importlib.util.spec_from_file_location("recorded_tasks_loader", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def load(folder: Path) -> list[Task]:
    """Every task of a folder, in its own order."""
    loader = read(folder)
    return [Task(name, loader.load(name)) for name in loader.names()]


def parents_first(space: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The same space in an order in which each hyperparameter comes after those it depends on."""
    found: dict[str, Mapping[str, Any]] = {}

    def add(name: str) -> None:
        for parent, _ in space[name].get("when", ()):
            add(parent)
        found.setdefault(name, space[name])

    for name in space:
        add(name)
    return found


def amounts(levels: np.ndarray) -> np.ndarray:
    """Levels as rising whole numbers: 1, 2, 3, ... where they are evenly spaced, else how often the first fits."""
    if len(levels) < 3 or np.allclose(np.diff(levels), levels[1] - levels[0]):
        return np.arange(1, len(levels) + 1)
    return np.rint(levels / levels[0]).astype(int)
