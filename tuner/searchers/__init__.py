"""Searchers, one a file: each builds an Optuna sampler.

`sampler` gives any of them to a plain Optuna study:

    study = optuna.create_study(sampler=sampler("tpe", seed=0))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from search_spaces import plugins
from search_spaces.choice import Choice
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Space


Wish = Literal["explore"] | Mapping[str, Any]
"""What a scheduler would like to begin next: a point where no model looks, or the point that its own model found."""


class Searcher(Choice):
    """Decides which point of the space is tried next."""

    several_objectives: ClassVar[bool] = False
    """Whether it draws for several objectives at once."""
    needs_space: ClassVar[bool] = False
    """Whether it must know every parameter before the first trial; a plain Optuna study cannot tell it."""
    learns_from_whole: ClassVar[bool] = False
    """Whether it learns from trials trained to their end alone: refused where none ends before the last one begins."""
    learns_earlier: ClassVar[bool] = False
    """Whether it learns from trials of earlier sweeps too (`tuner.warm_start`)."""

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """The sampler for one ask.

        A sampler is made for every ask, and keeps nothing: what it does follows from the study and the seed alone.

        Args:
            space: What may vary.
            study: The trials so far.
            seed: Differs for every trial, and is the same when the sweep is interrupted and goes on.
        """
        raise NotImplementedError

    def for_trial(self, space: Space, study: Study, seed: int, number: int, attempt: int = 0) -> BaseSampler:
        """The sampler for one trial of a sweep: `build` with a seed of that trial's own.

        Args:
            space: What may vary.
            study: The trials so far.
            seed: The sweep's.
            number: The trial's.
            attempt: How often a point was drawn for this trial before, and was one that had been tried.
        """
        words = (number, attempt) if attempt else (number,)
        return self.build(space, study, seed_of(seed, "draw", *words))

    def granting(self, wish: Wish) -> Searcher:
        """Who draws for a scheduler with a wish; itself, unless it shares the scheduler's model."""
        return self

    def trials(self, space: Space) -> int | None:
        """How many trials it can suggest in all; None if there is no end."""
        return None

    def check(self, space: Space) -> None:
        """Refuse a space that this searcher cannot search, by raising `search_spaces.problems.Problems`."""


def sampler(name: str, seed: int = 0, **options: Any) -> BaseSampler:
    """A searcher as a sampler for a plain Optuna study, which asks for parameters as it goes along.

    Args:
        name: The searcher's.
        seed: The same seed draws the same trials.
        options: The searcher's.

    Raises:
        UnknownNameError: There is no searcher of that name; the nearest is named.
        ValueError: An option is wrong, or the searcher must know the whole space before the first trial.
    """
    from tuner.searchers._open import Open

    searcher = cast(Searcher, plugins.find(__name__, name)(**options))
    if searcher.needs_space:
        raise ValueError(f"{name} must know the whole space before the first trial, and an Optuna study does not tell")
    return Open(searcher, seed)
