"""What the tables that ship with scikit-learn have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
import torch
from torch import Tensor

from search_spaces.data import Data, Part, Targets
from search_spaces.datasets._split_at_random import SplitAtRandom
from search_spaces.datasets._table_columns import NumberColumn
from search_spaces.preparations.table import Table as Preparation
from search_spaces.splits import stratified


class ScikitTable(SplitAtRandom):
    """A table of numbers that ships with scikit-learn; nothing to download."""

    target: ClassVar[str] = "target"
    """What the number to learn is called, where it is one."""

    def load(self) -> Any:
        """scikit-learn's own bunch of data, target and names."""
        raise NotImplementedError

    def build(self) -> Data:
        """Split (labels class by class), then shift and scale each column by the training part alone."""
        bunch = self.load()
        values = torch.tensor(bunch.data, dtype=torch.float64)
        labelled = self.task == "classification"
        y = torch.tensor(bunch.target, dtype=torch.long if labelled else torch.float64)
        rows = stratified(y if labelled else torch.zeros(len(y)), self.validation, self.test, self.split_seed)
        preparation = _learned(list(map(str, bunch.feature_names)), values[rows[0]])
        x = preparation.encode(pd.DataFrame(bunch.data, columns=bunch.feature_names))
        targets = None if labelled else _targets(self.target, y[rows[0]])
        y = targets.scaled(y[:, None]).flatten().float() if targets else y
        train, validation, test = (Part(x[part], y[part]) for part in rows)
        classes = tuple(str(name) for name in bunch.target_names) if labelled else ()
        return Data(
            train, validation, test, self.task, classes, kind="vector", preparation=preparation, targets=targets
        )


def _learned(names: list[str], train: Tensor) -> Preparation:
    """How to scale each column by the mean and deviation of the training rows."""
    scales = zip(names, train.quantile(0.5, 0).tolist(), *(it.tolist() for it in _moments(train)), strict=True)
    return Preparation(
        columns=tuple(NumberColumn(name=it, median=median, mean=mean, deviation=by) for it, median, mean, by in scales)
    )


def _targets(name: str, train: Tensor) -> Targets:
    mean, deviation = (float(it) for it in _moments(train))
    return Targets(names=(name,), means=(mean,), deviations=(deviation,))


def _moments(train: Tensor) -> tuple[Tensor, Tensor]:
    return train.mean(0), train.std(0, correction=0).clamp_min(1e-8)
