"""Forecasting series from a file."""

from __future__ import annotations

import math
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field
from torch import Tensor

from search_spaces.choice import Dataset
from search_spaces.data import Data, Part, Targets, Task
from search_spaces.datasets._columns import read_columns
from search_spaces.dimensions import Between
from search_spaces.files import LocalPath
from search_spaces.preparations.series import Series as Preparation


def _written(columns: Any) -> Any:
    """`["HUFL", "OT"]` as `HUFL, OT`."""
    return ", ".join(columns) if isinstance(columns, list | tuple) else columns


def _share_or_rows(size: float) -> float:
    if size >= 1 and size != int(size):
        raise ValueError("must be a share below 1 or a whole number of rows")
    return size


Size = Annotated[float, Field(gt=0), AfterValidator(_share_or_rows)]
"""A part's share of all rows if below 1, else its number of rows."""


class Series(Dataset):
    """Forecasting: from a window of the last steps of one or several series to their next steps.

    The rows of a table are split by time: training part, validation part, test part, in this order. A window belongs to
    the part in which what must be forecast lies, all of it; what it sees may reach back into the part before, because
    that is known by then (the protocol of Zhou et al., AAAI 2021, for ETT). Training windows lie wholly in the training
    part. All channels are shifted and scaled by the mean and deviation of the training rows alone, and errors are
    reported on that scale.
    """

    file: LocalPath
    """A table with a header, a row a time: `.csv` with commas, any other with tabs."""
    columns: Annotated[str | None, BeforeValidator(_written)] = None
    """Which columns are read and forecast, `HUFL, OT`; by default all but the time column."""
    time: str | None = None
    """The column that says when, left out; by default the first, if it holds no numbers."""
    steps: Annotated[int, Between(24, 336, log=True, shapes=True), Field(ge=1)] = 96
    """Rows of a window that the network sees."""
    horizon: Annotated[int, Field(ge=1)] = 24
    """Rows ahead that it forecasts."""
    train: Size | None = None
    """The training part: a share of all rows, or a number of rows; by default what the others leave."""
    validation: Size = 0.15
    """The part that the search is judged on: a share of all rows, or a number of rows."""
    test: Size = 0.15
    """The part that is kept for the end: a share of all rows, or a number of rows."""

    @property
    def task(self) -> Task:
        """Always forecasting."""
        return "forecasting"

    @classmethod
    def example(cls, folder: Path) -> Self:
        """Two noisy waves of 200 days, written into a folder."""
        path = folder / "waves.csv"
        rows = [f"{day},{math.sin(day / 4) + day % 3 / 10:.3f},{math.cos(day / 6):.3f}" for day in range(200)]
        path.write_text("\n".join(["day,north,south", *rows]) + "\n", encoding="utf-8")
        return cls(file=path, time="day", steps=12, horizon=4)

    def build(self) -> Data:
        """Read, split by time, scale by the training rows, and cut into windows (views: they take no memory)."""
        columns = [name.strip() for name in self.columns.split(",")] if self.columns else None
        found = read_columns(self.file, columns, self.time)
        borders = self._borders(len(found.values))
        channels = _learned(found.names, found.values[: borders[1]])
        preparation = Preparation(time=self.time, steps=self.steps, channels=channels)
        values = preparation.encode(found.values)
        starts = (0, *(border - self.steps for border in borders[1:-1]))
        parts = (self._windows(values[start:stop]) for start, stop in zip(starts, borders[1:], strict=True))
        train, validation, test = parts
        return Data(train, validation, test, "forecasting", kind="series", preparation=preparation, targets=channels)

    def _borders(self, rows: int) -> tuple[int, ...]:
        """The rows at which the parts begin and end."""
        validation, test = (_rows_of(size, rows) for size in (self.validation, self.test))
        train = rows - validation - test if self.train is None else _rows_of(self.train, rows)
        sizes = {"training": train, "validation": validation, "test": test}
        if sum(sizes.values()) > rows:
            parts = " + ".join(f"{name} {size}" for name, size in sizes.items())
            raise ValueError(f"{self.file}: the parts must fit into its {rows} rows, got {parts}; make one smaller")
        for name, size in sizes.items():
            self._check_rows(name, size, rows)
        return (0, *accumulate(sizes.values()))

    def _check_rows(self, part: str, size: int, rows: int) -> None:
        least = self.horizon + (self.steps if part == "training" else 0)
        if size < least:
            window = "steps + horizon" if part == "training" else "horizon"
            raise ValueError(
                f"{self.file}: the {part} part must have at least {window} = {least} rows, got {max(0, size)} "
                f"of {rows}; make {window.replace(' +', ' or')} smaller, or the part larger"
            )

    def _windows(self, values: Tensor) -> Part:
        """Every window of consecutive rows; values is [rows, channels]."""
        windows = values.unfold(0, self.steps + self.horizon, 1).transpose(1, 2)
        return Part(windows[:, : self.steps], windows[:, self.steps :])


def _rows_of(size: float, rows: int) -> int:
    return int(size) if size >= 1 else round(rows * size)


def _learned(names: list[str], train: Tensor) -> Targets:
    means, deviations = train.mean(0), train.std(0, correction=0).clamp_min(1e-8)
    return Targets(names=tuple(names), means=tuple(means.tolist()), deviations=tuple(deviations.tolist()))
