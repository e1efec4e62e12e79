"""The columns of a table as numbers for a network: what is learned from the training part, then done to all rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class NumberColumn:
    """Shifted and scaled by the training part's mean and deviation; gaps become the training part's median.

    Attributes:
        flagged: Whether a second column says where the gaps were.
    """

    median: float
    mean: float
    deviation: float
    flagged: bool

    @classmethod
    def learned(cls, values: Numbers, flag: bool) -> NumberColumn:
        """From the training part, with NaN for gaps and at least one number."""
        gaps = np.isnan(values)
        median = float(np.median(values[~gaps]))
        filled = np.where(gaps, median, values)
        mean, deviation = float(filled.mean()), float(filled.std())
        constant = deviation <= 1e-12 * abs(mean)
        return cls(median, mean, 1.0 if constant else deviation, bool(flag and gaps.any()))

    def encoded(self, values: Numbers) -> Numbers:
        """The column, [rows, 1 or 2]."""
        gaps = np.isnan(values)
        scaled = (np.where(gaps, self.median, values) - self.mean) / self.deviation
        return np.column_stack([scaled, gaps] if self.flagged else [scaled]).astype(np.float64)


@dataclass(frozen=True)
class CategoryColumn:
    """One column for each category of the training part; gaps become its most frequent one, others are all zeros.

    Attributes:
        flagged: Whether one more column says where the gaps were.
    """

    categories: tuple[Any, ...]
    flagged: bool

    @classmethod
    def learned(cls, values: pd.Series[Any], flag: bool) -> CategoryColumn:
        """From the training part; the most frequent category comes first."""
        counts = values.value_counts()
        categories = sorted(counts.index, key=lambda category: (-int(counts[category]), str(category)))
        return cls(tuple(categories), bool(flag and values.isna().any()))

    def encoded(self, values: pd.Series[Any]) -> Numbers:
        """The column, [rows, categories (+ 1)]."""
        gaps = values.isna().to_numpy()
        number = {category: index for index, category in enumerate(self.categories)}
        codes = np.where(gaps, 0, values.map(number).fillna(-1).to_numpy(dtype=np.int64))
        one_hot = (codes[:, None] == np.arange(len(number))).astype(np.float64)
        return np.column_stack([one_hot, gaps]) if self.flagged else one_hot


def read_table(file: Path) -> pd.DataFrame:
    """A CSV file (.tsv: with tabs) or a Parquet file (.parquet)."""
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        return pd.read_csv(file, sep="\t" if file.suffix == ".tsv" else ",", low_memory=False)
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"{file} cannot be read as a table, .csv, .tsv or .parquet: {reason}") from error


def numbers(file: Path, values: pd.Series[Any], why: str) -> Numbers:
    """A column's numbers, NaN for gaps; anything else is refused, `why` saying who wants numbers."""
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero((np.isnan(found) & values.notna().to_numpy()) | np.isinf(found))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(f"{file}: column {values.name!r} must hold numbers, {why}; {_cell(values, row)}")
    return found


def moments(file: Path, values: pd.Series[Any]) -> NDArray[np.int64]:
    """The place of each row in time, equal for equal times, from numbers or dates (2024-05-31, 2024-05-31T12:00)."""
    whole(file, values)
    if pd.api.types.is_numeric_dtype(values):
        found: Any = values
    else:
        found = pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True)
        if found.isna().any():
            row = int(np.flatnonzero(found.isna())[0])
            raise ValueError(
                f"{file}: column {values.name!r} must hold numbers or dates such as 2024-05-31, by which to split; "
                f"{_cell(values, row)}"
            )
    return np.unique(found.to_numpy(), return_inverse=True)[1].astype(np.int64)


def whole(file: Path, values: pd.Series[Any]) -> None:
    """Refuse gaps in a column that may have none."""
    if len(gaps := np.flatnonzero(values.isna())):
        raise ValueError(
            f"{file}: column {values.name!r} must have no gaps, {len(gaps)} rows have none of it (the first: row "
            f"{int(gaps[0]) + 1}); take these rows out"
        )


def _cell(values: pd.Series[Any], row: int) -> str:
    return f"row {row + 1} holds {values.iloc[[row]].tolist()[0]!r}"
