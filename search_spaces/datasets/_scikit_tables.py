"""What the tables that ship with scikit-learn have in common."""

from __future__ import annotations

from typing import Annotated, Any, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from search_spaces.choice import Dataset
from search_spaces.data import Data, Part
from search_spaces.splits import check_shares, stratified


class ScikitTable(Dataset):
    """A table of numbers that ships with scikit-learn; nothing to download."""

    validation: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the rows that the search is judged on."""
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the rows that is kept for the end."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    """Which random split: the same number gives the same parts."""

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        check_shares(self.validation, self.test)
        return self

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
