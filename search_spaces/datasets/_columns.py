"""Reading the number columns of a table whose rows are in order of time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from search_spaces.datasets._rows import read_rows, require_path
from search_spaces.plugins import suggestion

_ISO = re.compile(r"\d{4}-\d\d")


@dataclass(frozen=True)
class _Column:
    where: str
    lines: list[int]
    cells: list[str]


class Columns(NamedTuple):
    """Number columns of a table: their names, and their values, [rows, columns], in the order of the file."""

    names: list[str]
    values: Tensor


def read_columns(path: Path, names: list[str] | None, time: str | None) -> Columns:
    """The number columns of a table with a header.

    Args:
        path: The table.
        names: The columns; by default all but the time column.
        time: The column that says when; by default the first, if it holds no numbers.
    """
    columns = _read(path)
    time = time or _time_of(columns)
    for name in [*(names or []), *([time] if time else [])]:
        if name not in columns:
            raise ValueError(f"{path}, line 1: has no column {name!r}{suggestion(name, columns)}")
    if time:
        _check_order(columns[time])
    chosen = {name: column for name, column in columns.items() if (name in names if names else name != time)}
    if not chosen:
        raise ValueError(f"{path}: must have a column of numbers beside the time column {time!r}, got none; add one")
    values = torch.tensor([_numbers(column) for column in chosen.values()], dtype=torch.float64).T
    return Columns(list(chosen), values)


def _read(path: Path) -> dict[str, _Column]:
    require_path(path)
    rows = read_rows(path)
    if len(rows) < 2:
        raise ValueError(f"{path}: must have a header and rows of numbers below it, got {len(rows)} lines; add rows")
    lines = [line for line, _ in rows[1:]]
    cells = zip(*(cells for _, cells in rows[1:]), strict=True)
    header = [name.strip() for name in rows[0][1]]
    if repeated := [name for i, name in enumerate(header) if name in header[:i]]:
        raise ValueError(f"{path}, line 1: names of columns must differ, got {repeated[0]!r} twice; rename one")
    return {
        name: _Column(f"column {name!r} of {path}", lines, list(inside))
        for name, inside in zip(header, cells, strict=True)
    }


def _time_of(columns: Mapping[str, _Column]) -> str | None:
    """The first column's name, if none of its cells is a number."""
    name, first = next(iter(columns.items()))
    return None if any(math.isfinite(_number(cell)) for cell in first.cells) else name


def _check_order(column: _Column) -> None:
    """Refuse rows that go back in time, where times are numbers, or as long as each other and from the year down."""
    if all(_ISO.match(cell) and len(cell) == len(column.cells[0]) for cell in column.cells):
        back = [later < earlier for earlier, later in pairwise(column.cells)]
    else:
        back = [later < earlier for earlier, later in pairwise(map(_number, column.cells))]  # never true of NaN
    if any(back):
        row = back.index(True) + 1
        raise ValueError(
            f"{column.where}, line {column.lines[row]}: rows must be in order of time, got {column.cells[row]!r} "
            f"after {column.cells[row - 1]!r}; sort the file"
        )


def _numbers(column: _Column) -> list[float]:
    numbers = [_number(cell) for cell in column.cells]
    for number, line, cell in zip(numbers, column.lines, column.cells, strict=True):
        if not math.isfinite(number):
            raise ValueError(
                f"{column.where}, line {line}: must be a number, got {cell!r}; fill it in, "
                "or leave the column out by naming the others in columns"
            )
    return numbers


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
