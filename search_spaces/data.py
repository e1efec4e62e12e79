"""Data in three parts, in memory: what datasets build and trials train on."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from search_spaces.preparation import Preparation
from search_spaces.shape import Kind, Shape

Task = Literal["classification", "multilabel", "regression", "forecasting"]
"""What is learned from a sample.

- `classification`: one of several classes; y is [samples], whole numbers
- `multilabel`: for each label whether it holds; y is [samples, labels] of 0.0 and 1.0
- `regression`: one or several numbers; y is [samples] or [samples, numbers]
- `forecasting`: how a series goes on; y is [samples, horizon, channels]
"""


@dataclass(frozen=True)
class Part:
    """Samples and their targets, the same number of each."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)


class Targets(BaseModel):
    """The numbers that are learned: what each is called, and how it was shifted and scaled.

    Attributes:
        names: One a number; for a series its channels.
        means: What was taken from each.
        deviations: By what each was then divided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @classmethod
    def unscaled(cls, names: tuple[str, ...]) -> Targets:
        """Numbers that are learned as they are."""
        return cls(names=names, means=(0.0,) * len(names), deviations=(1.0,) * len(names))

    def scaled(self, y: Tensor) -> Tensor:
        """What is learned of numbers, [..., names], in their own units."""
        return (y - self._row(self.means)) / self._row(self.deviations)

    def in_units(self, outputs: Tensor) -> Tensor:
        """The inverse of `scaled`, in double precision."""
        return outputs.double() * self._row(self.deviations) + self._row(self.means)

    @staticmethod
    def _row(values: tuple[float, ...]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)


@dataclass(frozen=True)
class Data:
    """A training, a validation and a test part of one data set.

    Attributes:
        task: What is learned (see `Task`).
        classes: The names of the classes, in the order of their labels; for multilabel, of the labels.
        kind: What a sample is; by its number of sizes if not given (see `Shape`).
        vocabulary: For text, how many different tokens there are.
        words: For text, the word of each token: what new texts are turned into tokens with.
        preparation: What turns raw samples into `x`; none if a data set does not say.
        targets: For regression and forecasting, the numbers that `y` holds; none if a data set does not say.
    """

    train: Part
    validation: Part
    test: Part
    task: Task
    classes: tuple[str, ...] = ()
    kind: Kind | None = None
    vocabulary: int | None = None
    words: tuple[str, ...] | None = None
    preparation: Preparation | None = None
    targets: Targets | None = None

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise ValueError(f"task must be one of {', '.join(get_args(Task))}, got {self.task!r}")
        whole = self.task == "classification"
        for y in (self.train.y, self.validation.y, self.test.y):
            if y.dtype != torch.long if whole else not y.is_floating_point():
                raise ValueError(f"y must be {'int64' if whole else 'real numbers'} for {self.task}, got {y.dtype}")

    @property
    def inputs(self) -> Shape:
        """The shape of one sample."""
        return Shape(self.train.x.shape[1:], self.kind, self.vocabulary)

    @property
    def outputs(self) -> int:
        """How many numbers a network must give for a sample."""
        return len(self.classes) if self.task == "classification" else math.prod(self.train.y.shape[1:])

    @cached_property
    def digest(self) -> str:
        """A fingerprint of every number in all three parts, 16 hex digits."""
        found = hashlib.blake2b(digest_size=8)
        for part in (self.train, self.validation, self.test):
            for tensor in (part.x, part.y):
                found.update(str((tensor.dtype, tuple(tensor.shape))).encode())
                found.update(tensor.contiguous().numpy().tobytes())
        return found.hexdigest()
