"""What the tables that ship with scikit-learn have in common."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from search_spaces.data import Data, Part
from search_spaces.datasets._split_at_random import SplitAtRandom
from search_spaces.splits import stratified


class ScikitTable(SplitAtRandom):
    """A table of numbers that ships with scikit-learn; nothing to download."""

    def load(self) -> Any:
        """scikit-learn's own bunch of data, target and names."""
        raise NotImplementedError

    def build(self) -> Data:
        """Split (labels class by class), then shift and scale each column by the training part alone."""
        bunch = self.load()
        x = torch.tensor(bunch.data, dtype=torch.float64)
        labelled = self.task == "classification"
        y = torch.tensor(bunch.target, dtype=torch.long if labelled else torch.float64)
        rows = stratified(y if labelled else torch.zeros(len(y)), self.validation, self.test, self.split_seed)
        x, y = scaled(x, rows[0]), y if labelled else scaled(y, rows[0])
        train, validation, test = (Part(x[part], y[part]) for part in rows)
        classes = tuple(str(name) for name in bunch.target_names) if labelled else ()
        return Data(train, validation, test, self.task, classes, kind="vector")


def scaled(values: Tensor, train: Tensor) -> Tensor:
    """Each column, shifted and scaled by the mean and deviation of the training rows."""
    sample = values[train]
    return ((values - sample.mean(0)) / sample.std(0, correction=0).clamp_min(1e-8)).float()
