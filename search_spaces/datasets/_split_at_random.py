"""What data sets without parts of their own have in common: a random split by shares."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from search_spaces.choice import Dataset
from search_spaces.splits import check_shares


class SplitAtRandom(Dataset):
    """Data that is split into its three parts by lot."""

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
