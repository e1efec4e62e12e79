"""The recorded trainings of this folder (see `record.py`), as `search_quality.py` and `tuner simulate` want tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
PREFIX = "own/"


class Grid:
    """A full grid of trainings; a configuration is answered by its own training, never by another's."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as kept:
            self._axes: dict[str, list[Any]] = json.loads(str(kept["axes"]))
            self.maximize = bool(kept["maximize"])
            shape = tuple(map(len, self._axes.values()))
            self._curves = kept["curves"].astype(float).reshape(*shape, -1)
            self._seconds = kept["seconds"].astype(float).reshape(shape)
        self.R = self._curves.shape[-1]
        self.space = {axis: _range(values) for axis, values in self._axes.items()}
        best = np.nanmax if self.maximize else np.nanmin
        whole = np.nan_to_num(self._curves[..., -1], nan=-np.inf if self.maximize else np.inf)
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
    return sorted(PREFIX + path.stem for path in HERE.glob("*.npz"))


def load(name: str) -> Grid:
    """One of them."""
    return Grid(HERE / f"{name.removeprefix(PREFIX)}.npz")
