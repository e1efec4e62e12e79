"""Labelled text from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import torch
from pydantic import Field

from search_spaces.choice import Dataset
from search_spaces.data import Data, Part
from search_spaces.datasets._labelled_texts import Labelled, read_texts
from search_spaces.dimensions import Between
from search_spaces.files import LocalPath
from search_spaces.plugins import suggestion
from search_spaces.preparations.text import Text as Preparation
from search_spaces.splits import stratified
from search_spaces.words import encode, vocabulary


class Text(Dataset):
    """Labelled texts, one class each, from tables (.tsv, .csv) or from folders of which each is a class.

    Words are lower-cased; punctuation marks are words of their own. The vocabulary is made from the training part
    alone; any other word is one and the same unknown word.
    """

    path: LocalPath
    """The training texts: a table, or a folder with a folder of text files for each class."""
    validation_path: LocalPath | None = None
    """The texts that the search is judged on; if not given, a share of the training texts, each class alike."""
    test_path: LocalPath | None = None
    """The texts that are kept for the end; if not given, a share of the training texts, each class alike."""
    text: int | str = 0
    """Column of the texts: its name if the first line is a header, else its position, counted from 0."""
    label: int | str = 1
    """Column of the labels, likewise."""
    length: Annotated[int, Between(16, 256, log=True, shapes=True), Field(ge=1)] = 64
    """Words of a text that are read; the rest is cut off."""
    max_words: Annotated[int, Between(1_000, 50_000, log=True, shapes=True), Field(ge=1)] = 20_000
    """Words in the vocabulary at most, the most frequent ones."""
    min_count: Annotated[int, Field(ge=1)] = 2
    """How often a word must occur in the training part to be in the vocabulary."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the validation part, where `validation_path` is not given."""
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the test part, where `test_path` is not given."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    """Which random split: the same number gives the same parts."""

    @classmethod
    def example(cls, folder: Path) -> Self:
        """A table of 60 short reviews, written into a folder."""
        path = folder / "reviews.tsv"
        praise, blame = ("good", "lovely", "fine"), ("bad", "dull", "poor")
        lines = [f"a {words[i % 3]} film number {i % 7}\t{label}" for i in range(30)
                 for label, words in (("praise", praise), ("blame", blame))]  # fmt: skip
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return cls(path=path, length=8, max_words=100)

    def build(self) -> Data:
        """Read, split, make the vocabulary from the training part, and turn words into numbers."""
        texts = self._read(self.path)
        classes = _classes(texts)
        parts = self._parts(texts, classes)
        words = vocabulary((it.tokens for it in parts[0]), self.min_count, self.max_words)
        train, validation, test = (self._encoded(part, classes, words) for part in parts)
        preparation = Preparation(column=self.text, words=words, length=self.length)
        return Data(train, validation, test, "classification", classes, "text", len(words), words, preparation)

    def _parts(self, texts: list[Labelled], classes: tuple[str, ...]) -> list[list[Labelled]]:
        """Training, validation and test texts; what has no file of its own is split off the training texts."""
        given: list[list[Labelled]] = [
            [],
            *(self._read(path) if path else [] for path in (self.validation_path, self.test_path)),
        ]
        shares = [0.0 if part else share for part, share in zip(given[1:], (self.validation, self.test), strict=True)]
        y = torch.tensor([_number(it, classes) for it in texts])
        split = ([texts[row] for row in rows] for rows in stratified(y, shares[0], shares[1], self.split_seed))
        parts = [part or piece for part, piece in zip(given, split, strict=True)]
        for name, part in zip(("training", "validation", "test"), parts, strict=True):
            if not part:
                raise ValueError(f"{self.path}: {len(texts)} texts are too few for a {name} part; give more texts")
        return parts

    def _read(self, path: Path) -> list[Labelled]:
        return read_texts(path, self.text, self.label)

    def _encoded(self, texts: Sequence[Labelled], classes: tuple[str, ...], words: tuple[str, ...]) -> Part:
        y = torch.tensor([_number(it, classes) for it in texts])
        return Part(encode([it.tokens for it in texts], words, self.length), y)


def _classes(texts: Sequence[Labelled]) -> tuple[str, ...]:
    """The labels in order (of size, if all are whole numbers); each must have two texts."""
    counts = Counter(it.label for it in texts)
    for it in texts:
        if counts[it.label] == 1:
            raise ValueError(
                f"{it.where}: every class needs at least 2 texts, {it.label!r} has 1; "
                "add texts, or name the columns if that line is a header"
            )
    if len(counts) == 1:
        raise ValueError(f"{texts[0].where}: there must be at least 2 classes, every text has {texts[0].label!r}")
    whole = all(label.isdecimal() for label in counts)
    return tuple(sorted(counts, key=lambda label: (int(label) if whole else 0, label)))


def _number(text: Labelled, classes: tuple[str, ...]) -> int:
    if text.label not in classes:
        raise ValueError(
            f"{text.where}: the label must be one of the training texts' labels, got {text.label!r}"
            f"{suggestion(text.label, classes)}"
        )
    return classes.index(text.label)
