"""What one sample is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

Kind = Literal["image", "vector", "text", "series"]


class Shape(tuple[int, ...]):
    """The sizes of one sample, without the batch, and what kind of thing it is.

    - `image`: (channels, height, width), real numbers
    - `vector`: (features,), real numbers
    - `text`: (length,), token numbers below `vocabulary`, filled up at the end with 0
    - `series`: (steps, channels), real numbers

    Args:
        sizes: The sizes.
        kind: One of the above; by the number of sizes (3 image, 2 series, 1 vector) if not given.
        vocabulary: For text, how many different tokens there are, 0 included.
    """

    kind: Kind
    vocabulary: int | None

    def __new__(cls, sizes: Iterable[int], kind: Kind | None = None, vocabulary: int | None = None) -> Self:
        """A tuple is filled when it is made, not afterwards."""
        made = super().__new__(cls, sizes)
        by_count: dict[int, Kind] = {1: "vector", 2: "series", 3: "image"}
        made.kind = kind or by_count[len(made)]
        made.vocabulary = vocabulary
        return made
