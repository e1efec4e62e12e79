"""What `pbt` and `pb2` have in common: when the trials of a population exchange their weights, and who copies whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from search_spaces.dimensions import Among, Between
from search_spaces.problems import Problem
from tuner import rungs
from tuner.population import Population, quantile_size
from tuner.schedulers import Scheduler

if TYPE_CHECKING:
    from search_spaces.space import Space
    from tuner.searchers import Searcher


class Exchanging(Scheduler):
    """A scheduler under which trials copy one another while they train."""

    extensible: ClassVar[bool] = False
    what: ClassVar[str] = "settings"
    """What it changes when a trial copies another, for messages."""

    interval_epochs: int = Field(default=2, ge=1)
    """The epochs from one exchange to the next."""
    quantile: float = Field(default=0.25, gt=0, le=0.5)
    """The share of the trials, the best, that is copied, and the share, the worst, that copies."""

    def exchanges(self, epochs: int) -> range:
        """Every so many epochs, but not after the last."""
        return range(self.interval_epochs, epochs, self.interval_epochs)

    def plan(self, epochs: int, trials: int) -> list[str]:
        """How often how many of the trials copy others; all of them train to their end."""
        count = quantile_size(trials, self.quantile)
        turns = f"{rungs.describe([trials], [epochs])}, in turns of {self.interval_epochs}"
        copies = f"at each of {len(self.exchanges(epochs))} exchanges the worst {count} may copy the best {count}"
        return [turns, copies, f"{epochs * trials} of {epochs * trials} epochs in all"]

    def changes(self, space: Space) -> Mapping[str, Between | Among]:
        """The dimensions that are changed when a trial copies another, by dotted name."""
        raise NotImplementedError

    def problems(self, space: Space, searcher: Searcher, epochs: int, trials: int) -> Iterator[Problem]:
        """Refuse what leaves nothing to exchange, nothing to change, or a searcher nothing to learn from."""
        name = self.key()
        if not self.exchanges(epochs):
            text = f"must be below budget.epochs, got {self.interval_epochs} of {epochs}: there would be no exchange"
            yield Problem(f"scheduler.{name}.interval_epochs", text)
        if not quantile_size(trials, self.quantile):
            yield Problem("budget.trials", f"{name} needs a population of at least 2 trials, got {trials}")
        if not self.changes(space):
            searched = ", ".join(space.parameters()) or "nothing"
            text = f"{name} changes {self.what} while networks train, but what is searched ({searched}) must stay then"
            yield Problem("scheduler", f"{text}: search the optimizer's numbers too, lr for one, or use asha")
        if searcher.learns_from_whole:
            text = f"{name} begins all its trials before one is trained to its end"
            lesson = f"and {searcher.key()} learns from whole trainings alone: use auto, random or another"
            yield Problem("searcher", f"{text}, {lesson}")

    def population(self, epochs: int, trials: int, seed: int) -> Population:
        """The bookkeeping, with nobody in it."""
        return Population(self.exchanges(epochs), trials, self.quantile, seed)
