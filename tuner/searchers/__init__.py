"""Searchers, one a file: each builds an Optuna sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.choice import Choice

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Space


class Searcher(Choice):
    """Decides which point of the space is tried next."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """The sampler for one ask.

        A sampler is made for every ask, and keeps nothing: what it does follows from the study and the seed alone.

        Args:
            space: What may vary.
            study: The trials so far.
            seed: Differs for every trial, and is the same when the sweep is interrupted and goes on.
        """
        raise NotImplementedError

    def trials(self, space: Space) -> int | None:
        """How many trials it can suggest in all; None if there is no end."""
        return None

    def check(self, space: Space) -> None:
        """Refuse a space that this searcher cannot search, by raising `search_spaces.problems.Problems`."""
