"""Inputs just as a network takes them, for models whose data does not say how raw samples become such inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from search_spaces.preparation import Samples, array_of, pieces


@dataclass(frozen=True)
class AsGiven:
    """Arrays of a network's inputs, as a user's own data module gives them.

    Attributes:
        example: Inputs that the network is known to take, [samples, ...].
    """

    example: Tensor

    def encode(self, raw: Any) -> Tensor:
        """The same numbers, of the type that the network takes."""
        return torch.as_tensor(raw).to(self.example.dtype)

    def read(self, source: Path, at_once: int) -> Iterator[Samples]:
        """The samples of a .npy or .npz file, up to `at_once` at a time; `ValueError` for another kind or shape."""
        array = array_of(source, "a .npy or .npz array of inputs, as the model's own data module gives them")
        wanted = list(self.example.shape[1:])
        if list(array.shape[1:]) != wanted:
            shape = ", ".join(map(str, wanted))
            raise ValueError(
                f"must hold inputs as the model's own data module gives them, [samples, {shape}], "
                f"got {list(array.shape)}"
            )
        yield from pieces(array, at_once)
