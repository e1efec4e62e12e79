"""Data in three parts, in memory: what datasets build and trials train on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from search_spaces.shape import Kind, Shape


@dataclass(frozen=True)
class Part:
    """Samples and their targets, the same number of each."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Data:
    """A training, a validation and a test part of one data set.

    Attributes:
        task: What is learned: `classification`.
        classes: The names of the classes, in the order of their labels.
        kind: What a sample is; by its number of sizes if not given (see `Shape`).
        vocabulary: For text, how many different tokens there are.
    """

    train: Part
    validation: Part
    test: Part
    task: str
    classes: tuple[str, ...]
    kind: Kind | None = None
    vocabulary: int | None = None

    @property
    def inputs(self) -> Shape:
        """The shape of one sample."""
        return Shape(self.train.x.shape[1:], self.kind, self.vocabulary)

    @property
    def outputs(self) -> int:
        """How many numbers a network must give for a sample."""
        return len(self.classes)

    @cached_property
    def digest(self) -> str:
        """A fingerprint of every number in all three parts, 16 hex digits."""
        found = hashlib.blake2b(digest_size=8)
        for part in (self.train, self.validation, self.test):
            for tensor in (part.x, part.y):
                found.update(str((tensor.dtype, tuple(tensor.shape))).encode())
                found.update(tensor.contiguous().numpy().tobytes())
        return found.hexdigest()
