"""Texts in other words."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from search_spaces.augmentations import _texts
from search_spaces.choice import Augmentation
from search_spaces.dimensions import Between
from search_spaces.files import LocalPath, existing
from search_spaces.shape import Kind


class Synonyms(Augmentation):
    """Words are replaced by synonyms by lot (Zhang et al., NeurIPS 2015), from a table of your own."""

    fits: ClassVar[tuple[Kind, ...]] = ("text",)

    file: LocalPath
    """The table: a word, a tab and one synonym a line, in UTF-8; words that the data does not know are skipped."""
    share: Annotated[float, Between(0.0, 0.3), Field(ge=0, le=1)] = 0.1
    """The chance of each word that has a synonym."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """Replaces token by token, each time by any of the word's synonyms."""
        if words is None:
            raise ValueError("synonyms needs the word of each token, and this data set gives none; take word_dropout")
        return _Synonyms(self.share, *_tables(self._pairs(), words))

    def _pairs(self) -> list[tuple[str, str]]:
        lines = existing(self.file, "the table of synonyms").read_text(encoding="utf-8").splitlines()
        return [self._pair(number, line) for number, line in enumerate(lines, 1) if line.strip()]

    def _pair(self, number: int, line: str) -> tuple[str, str]:
        word, _, synonym = (part.strip() for part in line.partition("\t"))
        if not (word and synonym) or "\t" in synonym:
            raise ValueError(f"{self.file}, line {number}: must be a word, a tab and one synonym, got {line!r}")
        return word, synonym


class _Synonyms(nn.Module):
    table: Tensor
    counts: Tensor

    def __init__(self, share: float, table: Tensor, counts: Tensor) -> None:
        super().__init__()
        self.share = share
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("counts", counts, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return _texts.replace(x, self.share, self.table, self.counts) if self.training else x


def _tables(pairs: list[tuple[str, str]], words: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """The synonyms of each token, [tokens, most synonyms], filled up with 0, and how many each has, [tokens]."""
    token = {word: number for number, word in enumerate(words) if number}
    found: dict[int, list[int]] = defaultdict(list)
    for word, synonym in dict.fromkeys(pairs):
        if word in token and synonym in token:
            found[token[word]].append(token[synonym])
    table = torch.zeros(len(words), max([len(known) for known in found.values()], default=1), dtype=torch.long)
    for number, known in found.items():
        table[number, : len(known)] = torch.tensor(known)
    return table, torch.tensor([len(found[number]) for number in range(len(words))])
