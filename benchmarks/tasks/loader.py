"""The recorded trainings of this folder (see `record.py`), as `search_quality.py` and `tuner simulate` want tasks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
PREFIX = "own/"


def _recorder() -> Any:
    if (there := sys.modules.get("recorded_tasks_recorder")) is not None:
        return there
    spec = importlib.util.spec_from_file_location("recorded_tasks_recorder", HERE / "record.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Grid:
    """A full grid of trainings; a configuration is answered by its own training, never by another's."""

    def __init__(self, name: str) -> None:
        family = _recorder().FAMILIES[name]
        with np.load(HERE / f"{name}.npz") as kept:
            shape = tuple(map(len, family.axes.values()))
            self._curves = kept["curves"].astype(float).reshape(*shape, -1)
            self._seconds = kept["seconds"].astype(float).reshape(shape)
        self._axes = family.axes
        self.maximize, self.R = family.maximize, self._curves.shape[-1]
        self.space = {axis: _range(values) for axis, values in family.axes.items()}
        best = np.nanmax if family.maximize else np.nanmin
        whole = np.nan_to_num(self._curves[..., -1], nan=-np.inf if family.maximize else np.inf)
        self.ref = {"best": float(best(self._curves)), "q50": float(np.median(whole))}

    def sample(self, rng: np.random.Generator, n: int = 1) -> list[dict[str, Any]]:
        """Random configurations."""
        return [{axis: values[rng.integers(len(values))] for axis, values in self._axes.items()} for _ in range(n)]

    def curve(self, config: dict[str, Any]) -> Any:
        """The values after epochs 1 to R."""
        return self._curves[self._place(config)]

    def cost(self, config: dict[str, Any]) -> Any:
        """The seconds of processor up to each epoch."""
        return self._seconds[self._place(config)] * np.arange(1, self.R + 1) / self.R

    def _place(self, config: dict[str, Any]) -> tuple[int, ...]:
        return tuple(values.index(config[axis]) for axis, values in self._axes.items())


def _range(values: list[Any]) -> dict[str, Any]:
    return {"type": "cat" if isinstance(values[0], str) else "ord", "choices": values}


def names() -> list[str]:
    """Those that were recorded."""
    return [PREFIX + name for name in _recorder().FAMILIES if (HERE / f"{name}.npz").exists()]


def load(name: str) -> Grid:
    """One of them."""
    return Grid(name.removeprefix(PREFIX))
