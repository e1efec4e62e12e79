"""Rungs: the epochs at which trials are compared, and what each trial had reached there."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Literal, Protocol

Answer = Literal["CONTINUE", "PAUSE", "STOP"]
"""What becomes of a trial after a report, in the words of Ray's schedulers."""


class Ranking:
    """Trials in the order of their scores, kept as they come: the best first, of equals the lower number first."""

    def __init__(self) -> None:
        self._keys: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        return (number for _, number in self._keys)

    def add(self, number: int, score: float) -> None:
        """Put a trial in its place."""
        insort(self._keys, (-score, number))

    def remove(self, number: int, score: float) -> None:
        """Take a trial out, which was added with that score."""
        del self._keys[self.place(number, score)]

    def place(self, number: int, score: float) -> int:
        """How many stand before a trial."""
        return bisect_left(self._keys, (-score, number))


class Rung:
    """One level, with the scores of the trials that came there. A higher score is better.

    Scores are added, and never changed or taken back.

    Args:
        level: The epoch at which trials are compared.
    """

    def __init__(self, level: int) -> None:
        self.level = level
        self.scores: dict[int, float] = {}
        self._ranking = Ranking()

    def __len__(self) -> int:
        return len(self.scores)

    def best(self, count: int) -> list[int]:
        """The numbers of the `count` best trials, best first; of equals the lower number first."""
        return list(islice(self._ranked(), count))

    def place(self, number: int) -> int:
        """How many of the trials that came there are better than one of them."""
        return self._ranked().place(number, self.scores[number])

    def _ranked(self) -> Ranking:
        new = len(self.scores) - len(self._ranking)
        for number, score in islice(reversed(self.scores.items()), new):
            self._ranking.add(number, score)
        return self._ranking


class Book(Protocol):
    """A method's bookkeeping. It decides by what it was told alone, and knows nothing of Ray."""

    given_up: list[int]
    """Waiting trials that will never be promoted; whoever reads them takes them out."""

    def enter(self, number: int) -> None:
        """A new trial takes part."""

    def close(self) -> None:
        """No further trial will come, although fewer came than were planned."""

    def leave(self, number: int) -> None:
        """A trial is over: complete, stopped or failed."""

    def report(self, number: int, epoch: int, score: float) -> Answer:
        """A trial has done an epoch, with a finite score; asked once for each trial and epoch."""

    def promoted(self, paused: Collection[int], running: bool) -> int | None:
        """Which of the paused trials goes on next, if one may; asking again without news gives the same.

        Args:
            paused: The numbers of the trials that wait.
            running: Whether any trial is at work.
        """


def levels(grace: int, epochs: int, factor: int) -> list[int]:
    """The levels below `epochs`: grace, grace x factor, grace x factor x factor, ..."""
    found = []
    while grace < epochs:
        found.append(grace)
        grace *= factor
    return found


def describe(counts: Sequence[int], at: Sequence[int]) -> str:
    """How many trials come how far, on one line: `13 trials x 2 epochs -> 4 x 7 -> 1 x 20`."""
    first = f"{_plural(counts[0], 'trial')} x {_plural(at[0], 'epoch')}"
    return " -> ".join([first, *(f"{count} x {level}" for count, level in zip(counts[1:], at[1:], strict=True))])


def cost(counts: Sequence[int], at: Sequence[int]) -> int:
    """The epochs that are trained in all when `counts[i]` trials come to level `at[i]`, each going on from the last."""
    return sum(count * (level - before) for count, level, before in zip(counts, at, [0, *at], strict=False))


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
