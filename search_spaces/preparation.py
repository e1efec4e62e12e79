"""How raw samples become what a network was trained on: kept beside a model as JSON, so that new samples fit it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from search_spaces import plugins
from search_spaces.choice import Choice
from search_spaces.files import existing

FOLDER = "search_spaces.preparations"
"""One kind of samples a file."""


@dataclass(frozen=True)
class Samples:
    """Some raw samples of a file.

    Attributes:
        names: What each is called: its number in the file, from 1, or its own file's name.
        raw: What `Preparation.encode` takes.
        remarks: What is noteworthy about them, with the number of samples it is true of.
    """

    names: Sequence[str]
    raw: Any
    remarks: Mapping[str, int] = field(default_factory=dict)


class Preparation(Choice):
    """What was learned from the training part about how to fill, scale and number raw samples."""

    def encode(self, raw: Any) -> Tensor:
        """The network's inputs, [samples, ...]: for the raw samples of the training part the very same numbers."""
        raise NotImplementedError

    def read(self, source: Path, at_once: int) -> Iterator[Samples]:
        """The raw samples in a file or folder, up to `at_once` at a time; `ValueError` if they are of another kind."""
        raise NotImplementedError

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Preparation:
        """The inverse of `describe`."""
        settings = {name: value for name, value in data.items() if name != "name"}
        return cast(Preparation, plugins.find(FOLDER, data["name"])(**settings))


def array_of(source: Path, takes: str) -> NDArray[Any]:
    """The numbers in a .npy file, or the array `x` (or the only one) in a .npz file; nothing in it is unpickled.

    Args:
        source: The file.
        takes: What else the model takes, for the error about a file of another kind.
    """
    if source.suffix.lower() not in (".npy", ".npz"):
        raise ValueError(f"must be {takes}, got {source.name!r}")
    try:
        found = np.load(existing(source, "the data"), allow_pickle=False)
        array: NDArray[Any] = found if isinstance(found, np.ndarray) else _only(found)
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"cannot be read as numbers ({error}); write it with numpy.save") from error
    if not (np.issubdtype(array.dtype, np.number) and np.isfinite(array).all()):
        raise ValueError(f"must hold finite numbers, got {array.dtype}; leave out samples with gaps")
    return array


def pieces(array: NDArray[Any], at_once: int) -> Iterator[Samples]:
    """The samples of an array, named by their numbers from 1."""
    for start in range(0, len(array), at_once):
        piece = array[start : start + at_once]
        yield Samples(numbered(start, len(piece)), piece)


def numbered(start: int, count: int) -> list[str]:
    """The names of `count` samples of which `start` come before."""
    return [str(number) for number in range(start + 1, start + count + 1)]


def _only(archive: Any) -> NDArray[Any]:
    names = archive.files
    if "x" not in names and len(names) != 1:
        raise ValueError(f"must hold an array named x, or one array alone, got {', '.join(names) or 'none'}")
    return cast(NDArray[Any], archive["x" if "x" in names else names[0]])
