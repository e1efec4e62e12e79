"""What goes into a model and what comes out of it: kept beside its weights, as `data.json`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from search_spaces.data import Data, Targets, Task
from search_spaces.preparation import Preparation

Columns = dict[str, list[Any]]
"""What a model says of some samples, by column name."""


class Meaning(BaseModel):
    """What raw samples become before a network sees them, and what its outputs say.

    Attributes:
        task: What was learned.
        learning: How: which of the platform's modules trained the network (`supervised`), or `own` for a user's.
        classes: The names of the classes, or of the labels.
        targets: The numbers that were learned; none for classes and labels, or if the data did not say.
        preparation: What turns raw samples into inputs, as plain data; none if the data did not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    learning: str
    classes: tuple[str, ...] = ()
    targets: Targets | None = None
    preparation: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, data: Data, learning: str) -> Meaning:
        """The meaning of a network that was trained on this data."""
        described = data.preparation.describe() if data.preparation else None
        return cls(task=data.task, learning=learning, classes=data.classes, targets=data.targets, preparation=described)

    @classmethod
    def from_json(cls, text: str) -> Meaning:
        """The inverse of `model_dump_json`; numbers come back exactly."""
        return cls.model_validate_json(text)

    @cached_property
    def inputs(self) -> Preparation | None:
        """What turns raw samples into inputs."""
        return Preparation.from_json(self.preparation) if self.preparation else None

    def say(self, names: list[str], outputs: Tensor) -> Columns:
        """A network's outputs in words and in the numbers' own units.

        Args:
            names: What the samples are called.
            outputs: [samples, outputs].
        """
        self._check(outputs.shape[1])
        if self.task == "classification":
            return {"sample": names, **self._class(outputs.double().softmax(1))}
        if self.task == "multilabel":
            return {"sample": names, **self._labels(outputs.double().sigmoid())}
        if self.task == "regression":
            return {"sample": names, **self._numbers(outputs)}
        return self._forecast(names, outputs)

    def _check(self, given: int) -> None:
        known = len(self.targets.names) if self.targets else len(self.classes)
        whole = given % known == 0 if known and self.task == "forecasting" else given == known
        if known and not whole:
            raise ValueError(f"the model gives {given} numbers a sample, but its data has {known} names for them")

    def _class(self, shares: Tensor) -> Columns:
        found = [self.classes[index] for index in shares.argmax(1).tolist()]
        return {"class": found, **_probabilities(self.classes, shares)}

    def _labels(self, shares: Tensor) -> Columns:
        names = self.classes or tuple(f"label_{number}" for number in range(1, shares.shape[1] + 1))
        held = {name: (column > 0.5).long().tolist() for name, column in zip(names, shares.T, strict=True)}
        return {**held, **_probabilities(names, shares)}

    def _numbers(self, outputs: Tensor) -> Columns:
        targets = self.targets or Targets.unscaled(tuple(f"output_{number + 1}" for number in range(outputs.shape[1])))
        return {name: column.tolist() for name, column in zip(targets.names, targets.in_units(outputs).T, strict=True)}

    def _forecast(self, names: list[str], outputs: Tensor) -> Columns:
        """A row for each step ahead of each sample."""
        channels = len(self.targets.names) if self.targets else outputs.shape[1]
        steps = outputs.shape[1] // channels
        ahead = torch.arange(1, steps + 1).repeat(len(names)).tolist()
        return {
            "sample": [name for name in names for _ in range(steps)],
            "step": ahead,
            **self._numbers(outputs.reshape(-1, channels)),
        }


def _probabilities(names: tuple[str, ...], shares: Tensor) -> Columns:
    return {f"p_{name}": column.tolist() for name, column in zip(names, shares.T, strict=True)}
