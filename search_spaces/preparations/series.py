"""Series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search_spaces.data import Targets
from search_spaces.datasets._columns import read_columns
from search_spaces.preparation import Preparation, Samples, array_of, pieces


class Series(Preparation):
    """A table whose rows are in order of time, of which the last are read; or an array of such windows."""

    time: str | None = None
    """The column that says when, if it was named."""
    steps: int
    """Rows of a window."""
    channels: Targets
    """The columns, in the order in which the network gets them, and how each is shifted and scaled."""

    def encode(self, raw: Any) -> Tensor:
        """Windows in their own units, [windows, steps, channels], as numbers for the network."""
        return self.channels.scaled(torch.as_tensor(raw, dtype=torch.float64)).to(torch.float32)

    def read(self, source: Path, at_once: int) -> Iterator[Samples]:
        """The last window of a table, or every window of an array."""
        if source.suffix.lower() in (".npy", ".npz"):
            yield from pieces(self._checked(array_of(source, "a table")), at_once)
            return
        names = list(self.channels.names)
        found = read_columns(source, names, self.time)
        if len(found.values) < self.steps:
            raise ValueError(f"must have at least {self.steps} rows, which the model sees, got {len(found.values)}")
        yield Samples(["1"], found.values[None, -self.steps :, [found.names.index(name) for name in names]])

    def _checked(self, array: Any) -> Any:
        wanted = (self.steps, len(self.channels.names))
        if array.shape[1:] != wanted:
            raise ValueError(
                f"must hold windows of {wanted[0]} steps of {wanted[1]} channels ({', '.join(self.channels.names)}), "
                f"[windows, {wanted[0]}, {wanted[1]}], got {list(array.shape)}"
            )
        return array.astype(np.float64)
