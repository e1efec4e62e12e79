"""Your own table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
import torch
from pydantic import BeforeValidator, Field, model_validator
from torch import Tensor

from search_spaces.choice import Dataset
from search_spaces.data import Data, Part, Targets, Task
from search_spaces.datasets._table_columns import (
    CategoryColumn,
    NumberColumn,
    moments,
    numbers,
    read_table,
    whole,
)
from search_spaces.files import LocalPath, existing
from search_spaces.plugins import suggestion
from search_spaces.preparations.table import Table as Preparation
from search_spaces.splits import Parts, by_group, by_time, check_shares, stratified


def _written(columns: Any) -> Any:
    """`["age", "height"]` as `age, height`."""
    return ", ".join(columns) if isinstance(columns, list | tuple) else columns


Columns = Annotated[str, BeforeValidator(_written)]
"""One or several names of columns, with commas between them."""


class Table(Dataset):
    """Your own table (.csv, .tsv or .parquet): learn one or several columns from the others.

    Numbers are shifted and scaled, their gaps filled with the median; other columns become one column for each
    category, their gaps filled with the most frequent one. All of this is learned from the training part alone.
    """

    file: LocalPath
    """The table; a CSV file has the names of the columns in its first row."""
    target: Columns
    """The column to learn. Several (`height, weight`) are learned at once: numbers, or for classification 0 and 1."""
    learn: Literal["classification", "regression"] = "classification"
    """Which class a row is of, or which number it has."""
    numeric: Columns | None = None
    """Columns to take as numbers; those that hold nothing else are found by themselves."""
    categorical: Columns | None = None
    """Columns to take as categories although they hold numbers, such as postal codes."""
    ignore: Columns | None = None
    """Columns to leave out."""
    flag_missing: bool = False
    """Whether each column with gaps in the training part gets another one that says where they were."""
    max_categories: Annotated[int, Field(ge=1)] = 100
    """The most categories that a column may have."""
    scale_target: bool = True
    """Shift and scale the numbers to learn as well (regression): errors and predictions then are in deviations."""
    group: str | None = None
    """A column of which no value may be in two parts, such as the patient; not an input."""
    time: str | None = None
    """A column to split by: early rows train, late ones test; not an input."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the rows that the search is judged on."""
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the rows that is kept for the end."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    """Which random split: the same number gives the same parts."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        check_shares(self.validation, self.test)
        if self.group and self.time:
            raise ValueError(f"split by group or by time, not both, got group={self.group!r} and time={self.time!r}")
        if both := set(_names(self.numeric)) & set(_names(self.categorical)):
            raise ValueError(f"a column is numeric or categorical, not both, got {min(both)!r} in both")
        return self

    @property
    def task(self) -> Task:
        """One label, several, or numbers."""
        if self.learn == "regression":
            return "regression"
        return "classification" if len(_names(self.target)) == 1 else "multilabel"

    @classmethod
    def example(cls, folder: Path) -> Self:
        """60 made-up rows with numbers, categories and gaps."""
        rows = [f"{i % 7}.5,{('red', 'green', '')[i % 3]},{'' if i % 10 == 9 else i},{'ny'[i % 2]}" for i in range(60)]
        file = folder / "table.csv"
        file.write_text("\n".join(["width,colour,age,sold", *rows]) + "\n", encoding="utf-8")
        return cls(file=file, target="sold")

    def build(self) -> Data:
        """Read, split, learn from the training part how to fill, scale and encode, and do it to all rows."""
        frame = read_table(existing(self.file, "the table"))
        self._check(frame)
        y, task, classes = self._targets(frame)
        parts = self._split(frame, y)
        columns = tuple(self._columns(frame, parts[0].numpy()))
        preparation = Preparation(columns=columns)
        x, targets = preparation.encode(frame), None
        if task == "regression":
            targets = self._scales(y, parts[0])
            y = targets.scaled(y)
        y = y.float() if y.is_floating_point() else y
        train, validation, test = (Part(x[rows], y[rows]) for rows in parts)
        return Data(train, validation, test, task, classes, "vector", preparation=preparation, targets=targets)

    def _check(self, frame: pd.DataFrame) -> None:
        fields = (self.target, self.numeric, self.categorical, self.ignore, self.group, self.time)
        for name in (name for field in fields for name in _names(field)):
            if name not in frame.columns:
                raise ValueError(f"{self.file} has no column {name!r}{suggestion(name, map(str, frame.columns))}")
        if not self._input_names(frame):
            raise ValueError(f"{self.file} has no column to learn {self.target!r} from; ignore fewer of them")

    def _input_names(self, frame: pd.DataFrame) -> list[str]:
        others = {name for it in (self.target, self.ignore, self.group, self.time) for name in _names(it)}
        return [name for name in frame.columns if name not in others]

    def _targets(self, frame: pd.DataFrame) -> tuple[Tensor, Task, tuple[str, ...]]:
        names = _names(self.target)
        for name in names:
            whole(self.file, frame[name])
        if self.learn == "classification" and len(names) == 1:
            return self._labels(frame[names[0]])
        y = np.column_stack([numbers(self.file, frame[name], "being a target") for name in names])
        if self.learn == "classification" and not np.isin(y, (0, 1)).all():
            raise ValueError(f"{self.file}: several targets of classification must hold 0 and 1 only: {self.target}")
        return torch.from_numpy(y), self.task, tuple(names) if self.task == "multilabel" else ()

    def _labels(self, values: pd.Series[Any]) -> tuple[Tensor, Task, tuple[str, ...]]:
        classes = sorted(
            values.unique().tolist(), key=lambda it: (it, "") if isinstance(it, int | float) else (0, str(it))
        )
        if not 2 <= len(classes) <= len(values) / 2:
            raise ValueError(
                f"{self.file}: classification needs from 2 classes up to half as many as rows, {values.name!r} has "
                f"{len(classes)} in {len(values)} rows; choose another target, or learn: regression"
            )
        number = {it: index for index, it in enumerate(classes)}
        labels = torch.from_numpy(values.map(number).to_numpy(dtype=np.int64, copy=True))
        return labels, "classification", tuple(str(it) for it in classes)

    def _split(self, frame: pd.DataFrame, y: Tensor) -> Parts:
        if self.time:
            times = torch.from_numpy(moments(self.file, frame[self.time]))
            return by_time(times, self.validation, self.test)
        if self.group:
            whole(self.file, frame[self.group])
            groups = torch.from_numpy(pd.factorize(frame[self.group])[0].astype(np.int64))
            return by_group(groups, self.validation, self.test, self.split_seed)
        labels = y if not y.is_floating_point() else torch.zeros(len(y))
        parts = stratified(labels, self.validation, self.test, self.split_seed)
        if not all(len(part) for part in parts):
            raise ValueError(f"{self.file}: {len(y)} rows are too few for three parts; add rows, or enlarge the shares")
        return parts

    def _columns(self, frame: pd.DataFrame, train: Any) -> Iterator[NumberColumn | CategoryColumn]:
        for name in self._input_names(frame):
            values = frame[name]
            if not values.iloc[train].notna().any():
                raise ValueError(f"{self.file}: column {name!r} is empty in the training part; ignore it")
            yield self._number(values, train) if self._is_number(values) else self._category(values, train)

    def _is_number(self, values: pd.Series[Any]) -> bool:
        if values.name in _names(self.categorical):
            return False
        return values.name in _names(self.numeric) or pd.api.types.is_numeric_dtype(values)

    def _number(self, values: pd.Series[Any], train: Any) -> NumberColumn:
        found = numbers(self.file, values, "being numeric; name it in categorical or ignore, or correct it")
        return NumberColumn.learned(str(values.name), found[train], self.flag_missing)

    def _category(self, values: pd.Series[Any], train: Any) -> CategoryColumn:
        learned = CategoryColumn.learned(str(values.name), values.iloc[train], self.flag_missing)
        if (found := len(learned.categories)) > self.max_categories:
            raise ValueError(
                f"{self.file}: column {values.name!r} may have up to max_categories={self.max_categories} categories, "
                f"it has {found} in the training part; ignore it, or name it in numeric, or allow more"
            )
        return learned

    def _scales(self, y: Tensor, train: Tensor) -> Targets:
        """The targets' names, and how they are shifted and scaled by the training part if they are."""
        names = tuple(_names(self.target))
        if not self.scale_target:
            return Targets.unscaled(names)
        columns = [NumberColumn.learned("", it[train].numpy(), flag=False) for it in y.T]
        means, deviations = tuple(it.mean for it in columns), tuple(it.deviation for it in columns)
        return Targets(names=names, means=means, deviations=deviations)


def _names(columns: str | None) -> list[str]:
    return [name.strip() for name in columns.split(",")] if columns else []
