"""Trial schedulers, one a file: each builds a Ray Tune `TrialScheduler`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from search_spaces.choice import Choice
from search_spaces.problems import Problem
from search_spaces.space import Space
from tuner.searchers import Searcher

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from tracking.records import Objective

NOTHING = Space({})
"""A space in which nothing varies."""


class Scheduler(Choice):
    """Decides after each epoch whether a trial goes on, waits or stops."""

    extensible: ClassVar[bool] = True
    """Whether trials can be added once a sweep has begun."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler for a sweep of `trials` trials of at most `epochs` epochs.

        It is told each report as `{"training_iteration": epoch, metric: value, ...}`. PAUSE ends a trial's work until
        `choose_trial_to_run` names it again; its checkpoint waits. It must decide by what it was told alone, so that
        the ledger's history, told again, brings a new one to the same state.

        Args:
            objective: What is compared.
            epochs: Those of a whole training.
            trials: How many there will be.
            space: What is searched, for schedulers that change settings while a trial trains.
            seed: The sweep's, for schedulers that draw.
        """
        raise NotImplementedError

    def plan(self, epochs: int, trials: int) -> list[str]:
        """What will happen, a line a step, for printing before the sweep starts."""
        raise NotImplementedError

    def problems(self, space: Space, searcher: Searcher, epochs: int, trials: int) -> Iterator[Problem]:
        """Why it cannot go with this space, searcher or budget; none if it can."""
        yield from ()

    def searcher(self, given: Searcher) -> Searcher:
        """The searcher that goes with it: the one of the spec, unless a method is made of both."""
        return given

    def exchanges(self, epochs: int) -> range:
        """The epochs after which a trial may take over another's checkpoint; these stay while any trial is behind."""
        return range(0)
