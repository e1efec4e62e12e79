"""Bayesian optimization and Hyperband."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from search_spaces.problems import Problem
from tuner.schedulers import NOTHING, Scheduler
from tuner.schedulers.hyperband import Hyperband

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective
    from tuner.searchers import Searcher

MODELS = ("auto", "bayesian", "bohb", "tpe")
"""The searchers in whose place BOHB's own model draws: they are TPE, or leave the choice of the model open."""


class Bohb(Scheduler):
    """BOHB: Hyperband whose brackets are filled by a model instead of at random (Falkner et al., ICML 2018).

    The brackets are those of `hyperband`. The model is the searcher `bohb`, which compares trials at the highest rung
    that enough of them have come to; it stands in for the searchers auto, bayesian and tpe.
    """

    reduction_factor: int = Field(default=3, ge=2)
    """One in so many trials goes on from each rung, for so many times as many epochs."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, with its brackets still empty."""
        return self._brackets.build(objective, epochs, trials, space, seed)

    def plan(self, epochs: int, trials: int) -> list[str]:
        """Hyperband's brackets, and who fills them."""
        model = "points by TPE on the highest rung with enough trials, a third of them at random"
        return [model, *self._brackets.plan(epochs, trials)]

    def problems(self, space: Space, searcher: Searcher, epochs: int, trials: int) -> Iterator[Problem]:
        """Refuse a searcher that is not BOHB's."""
        if searcher.key() not in MODELS:
            text = f"bohb is hyperband with a model of its own, got {searcher.key()}"
            yield Problem("searcher", f"{text}: use tpe, or keep {searcher.key()} and use the scheduler hyperband")

    def searcher(self, given: Searcher) -> Searcher:
        """BOHB's own model, with what the spec says of how many trials it takes."""
        from tuner.searchers.bohb import Bohb as Model

        if isinstance(given, Model) or given.key() not in MODELS:
            return given
        return Model(startup=getattr(given, "startup", None) if "startup" in given.model_fields_set else None)

    @property
    def _brackets(self) -> Hyperband:
        return Hyperband(reduction_factor=self.reduction_factor)
