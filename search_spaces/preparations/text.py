"""Texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import Tensor

from search_spaces.datasets._labelled_texts import Column, read_column
from search_spaces.preparation import Preparation, Samples
from search_spaces.words import encode, tokenise


class Text(Preparation):
    """Texts in a column of a table (.csv, .tsv): words become numbers, those that training did not have one number."""

    column: Column
    """Where the texts are: the column's name, or its position, counted from 0, in a table without a header."""
    words: tuple[str, ...]
    """The word of each number."""
    length: int
    """Words of a text that are read."""

    def encode(self, raw: Sequence[str]) -> Tensor:
        """Texts as the numbers of their words, [texts, length]."""
        return encode([tokenise(text) for text in raw], self.words, self.length)

    def read(self, source: Path, at_once: int) -> Iterator[Samples]:
        """Text by text, each named by the line where it ends."""
        texts = read_column(source, self.column)
        for line, text in texts:
            if not tokenise(text):
                raise ValueError(f"line {line}: a text must have at least one word, got {text[:40]!r}; remove it")
        for start in range(0, len(texts), at_once):
            lines, raw = zip(*texts[start : start + at_once], strict=True)
            yield Samples([f"line {line}" for line in lines], raw)
