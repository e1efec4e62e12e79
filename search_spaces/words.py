"""Texts as token numbers: a tokeniser, a vocabulary, and encoding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

PADDING, UNKNOWN = 0, 1
"""The first two tokens: what fills up short texts, and every word that is not in the vocabulary."""
SPECIAL = ("<padding>", "<unknown>")
"""How they are written; no word of a text reads like this."""

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")


def tokenise(text: str) -> list[str]:
    """Lower-cased words and single punctuation marks: "It's good!" is it's, good, !."""
    return _WORD.findall(text.lower())


def vocabulary(texts: Iterable[Sequence[str]], min_count: int, max_words: int) -> tuple[str, ...]:
    """The word of each token: padding, unknown, then the most frequent words.

    Args:
        texts: Tokenised training texts.
        min_count: How often a word must occur in them.
        max_words: How many words at most.
    """
    counts = Counter(word for text in texts for word in text)
    frequent = sorted(((-count, word) for word, count in counts.items() if count >= min_count))
    return (*SPECIAL, *(word for _, word in frequent[:max_words]))


def encode(texts: Sequence[Sequence[str]], words: Sequence[str], length: int) -> Tensor:
    """Token numbers of tokenised texts, [texts, length]: long texts are cut, short ones filled up with padding."""
    number = {word: token for token, word in enumerate(words)}
    encoded = torch.full((len(texts), length), PADDING)
    for row, text in zip(encoded, texts, strict=True):
        tokens = [number.get(word, UNKNOWN) for word in text[:length]]
        row[: len(tokens)] = torch.tensor(tokens, dtype=torch.long)
    return encoded
