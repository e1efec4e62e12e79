"""Population based training's bookkeeping: who has come how far, who is to be copied, and by whom. No Ray in it."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tuner.rungs import Answer
from tuner.seeds import seed_of


@dataclass(frozen=True)
class Turn:
    """What a trial did between two exchanges.

    Attributes:
        params: The searched values that it trained with.
        gain: By how much its score rose over the turn; None in the first, which begins with fresh weights.
    """

    params: Mapping[str, Any]
    gain: float | None


class Population:
    """Trials that train side by side, and now and then exchange their weights. It decides by what it was told alone.

    Args:
        exchanges: The epochs at which trials wait, lowest first.
        trials: How many trials there will be.
        quantile: The share that is copied, and the share that copies.
        seed: Decides which of the best a trial copies.
    """

    def __init__(self, exchanges: range, trials: int, quantile: float, seed: int = 0) -> None:
        self.exchanges = exchanges
        self.scores: dict[int, dict[int, float]] = {epoch: {} for epoch in exchanges}
        """At each exchange the score of each trial that has come to it; a higher one is better."""
        self.turns: dict[tuple[int, int], Turn] = {}
        """By trial and exchange, the turn that ended there."""
        self._trials, self._quantile, self._seed = trials, quantile, seed
        self._epochs: dict[int, int] = {}
        self._failed: set[int] = set()

    def enter(self, number: int) -> None:
        """A new trial takes part."""
        self._epochs.setdefault(number, 0)

    def fail(self, number: int) -> None:
        """A trial has failed: whatever it had reached, nobody is compared with it or copies it any more."""
        self._failed.add(number)

    def epoch(self, number: int) -> int:
        """The last epoch that a trial has told."""
        return self._epochs[number]

    def report(self, number: int, epoch: int, score: float, params: Mapping[str, Any], donor: int | None) -> Answer:
        """Wait at every exchange, so that all take turns.

        Args:
            number: The trial.
            epoch: What it has done.
            score: Its score, finite.
            params: The searched values that it trained with.
            donor: Whose weights it began its turn with, if not with its own.
        """
        self._epochs[number] = epoch
        if epoch not in self.scores:
            return "CONTINUE"
        before = self.scores.get(epoch - self.exchanges.step, {}).get(number if donor is None else donor)
        self.scores[epoch][number] = score
        self.turns[number, epoch] = Turn(dict(params), None if before is None else score - before)
        return "PAUSE"

    def promoted(self, paused: Collection[int], full: bool) -> int | None:
        """The least advanced of those that wait, the lower number of equals, once all have begun.

        Args:
            paused: The trials that wait.
            full: Whether no further trial will come, although fewer came than were planned.
        """
        if len(self._epochs) < self._trials and not full:
            return None
        return min(paused, key=lambda number: (self._epochs[number], number), default=None)

    def donor(self, number: int) -> int | None:
        """Whom a waiting trial copies: if it is among the worst that came to its epoch, one of the best; else None.

        Who is not better is not copied: equal scores are no reason to throw weights away.
        """
        epoch = self._epochs[number]
        told = {other: score for other, score in self.scores[epoch].items() if other not in self._failed}
        ranked = sorted(told, key=lambda other: (-told[other], other))
        share = quantile_size(len(ranked), self._quantile)
        if not share or number not in ranked[-share:]:
            return None
        chosen = random.Random(seed_of(self._seed, "donor", number, epoch)).choice(ranked[:share])
        return chosen if told[chosen] > told[number] else None


def quantile_size(trials: int, quantile: float) -> int:
    """How many of so many trials are in a quantile: rounded up, but best and worst never overlap (as in Ray)."""
    return min(math.ceil(trials * quantile), trials // 2)
