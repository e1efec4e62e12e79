"""The columns of a table as numbers for a network: what is learned from the training part, then done to all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Numbers = NDArray[np.float64]


class _Column(BaseModel):
    """A column of a table, and what was learned about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str


class NumberColumn(_Column):
    """Shifted and scaled by the training part's mean and deviation; gaps become the training part's median.

    Attributes:
        flagged: Whether a second column says where the gaps were.
    """

    kind: Literal["number"] = "number"
    median: float
    mean: float
    deviation: float
    flagged: bool = False

    @classmethod
    def learned(cls, name: str, values: Numbers, flag: bool) -> NumberColumn:
        """From the training part, with NaN for gaps and at least one number."""
        gaps = np.isnan(values)
        median = float(np.median(values[~gaps]))
        filled = np.where(gaps, median, values)
        mean, deviation = float(filled.mean()), float(filled.std())
        constant = deviation <= 1e-12 * abs(mean)
        flagged = bool(flag and gaps.any())
        return cls(name=name, median=median, mean=mean, deviation=1.0 if constant else deviation, flagged=flagged)

    def encoded(self, values: pd.Series[Any]) -> Numbers:
        """The column, [rows, 1 or 2]; anything but numbers and gaps is refused."""
        found = numbers(None, values, "as in training")
        gaps = np.isnan(found)
        scaled = (np.where(gaps, self.median, found) - self.mean) / self.deviation
        return np.column_stack([scaled, gaps] if self.flagged else [scaled]).astype(np.float64)


class CategoryColumn(_Column):
    """One column for each category of the training part; gaps become its most frequent one, others are all zeros.

    A category is what is written in the cell: `7`, `7.0` and the text `7` are one and the same, however the rest of
    the column made them read.

    Attributes:
        flagged: Whether one more column says where the gaps were.
    """

    kind: Literal["category"] = "category"
    categories: tuple[str, ...]
    flagged: bool = False

    @classmethod
    def learned(cls, name: str, values: pd.Series[Any], flag: bool) -> CategoryColumn:
        """From the training part; the most frequent category comes first."""
        counts = values.value_counts()
        categories = sorted(counts.index, key=lambda category: (-int(counts[category]), str(category)))
        written = tuple(map(_written, categories))
        return cls(name=name, categories=written, flagged=bool(flag and values.isna().any()))

    def encoded(self, values: pd.Series[Any]) -> Numbers:
        """The column, [rows, categories (+ 1)]."""
        gaps = values.isna().to_numpy()
        codes = np.where(gaps, 0, self._codes(values))
        one_hot = (codes[:, None] == np.arange(len(self.categories))).astype(np.float64)
        return np.column_stack([one_hot, gaps]) if self.flagged else one_hot

    def unseen(self, values: pd.Series[Any]) -> int:
        """How many cells hold a category that the training part did not have."""
        return int(((self._codes(values) < 0) & values.notna().to_numpy()).sum())

    def _codes(self, values: pd.Series[Any]) -> NDArray[np.int64]:
        number = {category: index for index, category in enumerate(self.categories)}
        found = values.dropna().unique()
        known = {value: number.get(_written(value), number.get(_plain(value), -1)) for value in found}
        return values.map(known).fillna(-1).to_numpy(dtype=np.int64)


def _written(category: Any) -> str:
    whole = isinstance(category, float | np.floating) and float(category).is_integer()
    return str(int(category)) if whole else str(category)


def _plain(category: Any) -> str:
    """As a number is written that was read from this text: `07` as `7`."""
    try:
        return _written(float(category))
    except ValueError:
        return str(category)


def read_table(file: Path) -> pd.DataFrame:
    """A CSV file (.tsv: with tabs) or a Parquet file (.parquet)."""
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        return pd.read_csv(file, sep=_separator(file), low_memory=False)
    except (OSError, ValueError) as error:
        raise ValueError(_unreadable(file, error)) from error


def tables(file: Path, rows: int, texts: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The same piece by piece, so many rows at a time, numbered through; a Parquet file in one piece.

    The columns of `texts` are taken as they are written: what a column looks like in a few rows is not what it is.
    """
    if file.suffix == ".parquet":
        yield read_table(file).reset_index(drop=True)
        return
    try:
        dtype = dict.fromkeys(texts, "str")
        with pd.read_csv(file, sep=_separator(file), dtype=dtype, chunksize=rows) as pieces:
            yield from pieces
    except (OSError, ValueError) as error:
        raise ValueError(_unreadable(file, error)) from error


def _separator(file: Path) -> str:
    return "\t" if file.suffix == ".tsv" else ","


def _unreadable(file: Path, error: Exception) -> str:
    reason = str(error).split("\n")[0]
    return f"{file} cannot be read as a table, .csv, .tsv or .parquet: {reason}"


def numbers(file: Path | None, values: pd.Series[Any], why: str) -> Numbers:
    """A column's numbers, NaN for gaps; anything else is refused, `why` saying who wants numbers."""
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero((np.isnan(found) & values.notna().to_numpy()) | np.isinf(found))
    if len(wrong):
        row = int(wrong[0])
        where = f"{file}: " if file else ""
        raise ValueError(f"{where}column {values.name!r} must hold numbers, {why}; {_cell(values, row)}")
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
    return f"row {int(values.index[row]) + 1} holds {values.iloc[[row]].tolist()[0]!r}"
