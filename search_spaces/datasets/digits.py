"""scikit-learn's digits."""

from __future__ import annotations

from typing import Annotated, Self

import torch
from pydantic import Field, model_validator

from search_spaces.choice import Dataset
from search_spaces.data import Data
from search_spaces.splits import check_shares, standardised, stratified


class Digits(Dataset):
    """1,797 handwritten digits of 8 x 8 pixels, ten classes; ships with scikit-learn, nothing to download."""

    validation: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the samples that the search is judged on."""
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the samples that is kept for the end."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    """Which random split: the same number gives the same parts."""

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        check_shares(self.validation, self.test)
        return self

    def build(self) -> Data:
        """Split by class, then normalise with the mean and deviation of the training part."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
        y = torch.tensor(digits.target, dtype=torch.long)
        parts = stratified(y, self.validation, self.test, self.split_seed)
        train, validation, test = standardised(x, y, parts)
        return Data(train, validation, test, "classification", tuple(str(label) for label in range(10)))
