"""The rows of a table in a text file, with errors that name file and line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from search_spaces.plugins import suggestion

Row = tuple[int, list[str]]
"""The line on which a row ends, and its cells."""


def read_rows(path: Path) -> list[Row]:
    """All rows of a table, empty lines left out; each must have as many cells as the first.

    A `.csv` has commas, and quotes around cells that hold one; any other file has tabs, and quotes mean nothing in it.
    """
    rows = list(_comma_rows(path) if path.suffix.lower() == ".csv" else _tab_rows(path))
    for line, cells in rows:
        if len(cells) != len(rows[0][1]):
            raise ValueError(f"{path}, line {line}: every line must have {len(rows[0][1])} columns, got {len(cells)}")
    return rows


def decoded(path: Path) -> str:
    """The text of a file, which must be UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: must be UTF-8, got the byte 0x{content[error.start]:02x}; "
            "convert it: iconv -f latin1 -t utf-8"
        ) from error


def require_path(path: Path) -> None:
    """Refuse a path where nothing is; the error names the nearest file beside it."""
    if not path.exists():
        siblings = sorted(it.name for it in path.parent.iterdir()) if path.parent.is_dir() else []
        near = suggestion(path.name, siblings)
        raise ValueError(f"{path}: there is nothing here{near if 'did you mean' in near else '; check the path'}")


def _tab_rows(path: Path) -> Iterator[Row]:
    lines = decoded(path).replace("\r\n", "\n").split("\n")
    return ((number, line.split("\t")) for number, line in enumerate(lines, start=1) if line.strip())


def _comma_rows(path: Path) -> Iterator[Row]:
    reader = csv.reader(decoded(path).splitlines(keepends=True), strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: must be well-formed CSV: {error}; quote the cell") from error
