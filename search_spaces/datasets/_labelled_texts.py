"""Reading labelled texts: from a table, or from folders of which each is a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from search_spaces.datasets._rows import decoded, read_rows, require_path
from search_spaces.plugins import suggestion
from search_spaces.words import tokenise

Column = int | str


@dataclass(frozen=True)
class Labelled:
    """One text: its tokens, its label, and where it stands."""

    tokens: list[str]
    label: str
    where: str


def read_texts(path: Path, text: Column, label: Column) -> list[Labelled]:
    """All texts of a table or a folder of folders, in the order of lines or of names.

    Args:
        path: The table or the folder.
        text: Column of the texts, by name or by position from 0; a column by name means that the table has a header.
        label: Column of the labels, likewise.
    """
    require_path(path)
    found = list(_from_folders(path) if path.is_dir() else _from_table(path, text, label))
    if not found:
        raise ValueError(f"{path}: must hold at least one text, got none; give a table with a line a text")
    return found


def read_column(path: Path, text: Column) -> list[tuple[int, str]]:
    """The texts of a table, each with the line on which it ends; by name means that the table has a header."""
    require_path(path)
    if path.suffix.lower() not in (".csv", ".tsv"):
        raise ValueError(f"must be a table of texts, .csv or .tsv, got {path.name!r}")
    rows = read_rows(path)
    place = _place(path, text, rows[0][1]) if rows else 0
    return [(line, cells[place]) for line, cells in rows[isinstance(text, str) :]]


def _from_folders(folder: Path) -> Iterator[Labelled]:
    classes = sorted(it for it in folder.iterdir() if it.is_dir() and not it.name.startswith("."))
    if not classes:
        raise ValueError(f"{folder}: must hold a folder for each class, got none; put each text in a file in one")
    for inner in classes:
        files = sorted(it for it in inner.iterdir() if it.is_file() and not it.name.startswith("."))
        if not files:
            raise ValueError(
                f"{inner}: class {inner.name!r} must have texts, got none; add files, or remove the folder"
            )
        for file in files:
            yield _labelled(decoded(file), inner.name, str(file))


def _from_table(path: Path, text: Column, label: Column) -> Iterator[Labelled]:
    rows = read_rows(path)
    if not rows:
        return
    named = isinstance(text, str) or isinstance(label, str)
    header = rows[0][1]
    places = [_place(path, column, header) for column in (text, label)]
    for line, cells in rows[1:] if named else rows:
        content, name = (cells[place] for place in places)
        if not name.strip():
            raise ValueError(f"{path}, line {line}: the label must not be empty; fill it in, or remove the line")
        yield _labelled(content, name.strip(), f"{path}, line {line}")


def _labelled(content: str, label: str, where: str) -> Labelled:
    if not (tokens := tokenise(content)):
        raise ValueError(f"{where}: a text must have at least one word, got {content[:40]!r}; remove it")
    return Labelled(tokens, label, where)


def _place(path: Path, column: Column, header: list[str]) -> int:
    if isinstance(column, str):
        if column not in header:
            raise ValueError(f"{path}, line 1: has no column {column!r}{suggestion(column, header)}")
        return header.index(column)
    if not 0 <= column < len(header):
        raise ValueError(f"{path}: has {len(header)} columns, positions 0 to {len(header) - 1}, got {column}")
    return column
