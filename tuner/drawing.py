"""What a new trial tries: given points first, then the searcher's, and none that was tried before."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from search_spaces.space import Point
from tuner.counted import counted, set_aside
from tuner.given import Given
from tuner.searchers import Searcher, Wish
from tuner.searchers._by_rule import ByRule
from tuner.searchers._draft import Draft
from tuner.searchers.random import RandomSearch
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from tuner.spec import SweepSpec

ATTEMPTS = 5
"""How often the searcher is asked for one trial."""
NEIGHBOURS = 100
"""How often its proposal is then changed, a little first, at last in every parameter."""
LISTABLE = 100_000
"""So many points are gone through in the end; of more, random draws have found a new one before."""


class Drawing:
    """Draws a sweep's points. What it draws follows from the spec, the study and the trial's number.

    A training that was done before teaches nothing, so a point that was tried gives way to another attempt of the
    searcher's, then to one that differs from its proposal in some parameters, then to any that is left. Points are
    equal if all that was searched in them is: fixed settings, and those of choices that were not drawn, do not count.

    Args:
        spec: The sweep.
        study: Its trials so far.
    """

    def __init__(self, spec: SweepSpec, study: Study) -> None:
        self._spec, self._study = spec, study
        self._aside = set_aside(study)
        self._given = Given(spec, study)
        self._tried: set[frozenset[tuple[str, Any]]] = set()
        self._read = 0
        self._dry: int | None = None

    def point(self, number: int, wish: Wish | None = None) -> Point | None:
        """The parameters of a new trial; None if every point was tried.

        Args:
            number: The trial's.
            wish: What the scheduler would like to begin, if anything.
        """
        if number == self._dry:  # asked again while other trials run
            return None
        if again := number % self._spec.repeats:
            return dict(self._trial(number - again).params)
        self._read_on(number)
        given = self._given.at(self._place(number))
        searcher = self._spec.searcher_choice if wish is None else self._spec.searcher_choice.granting(wish)
        ways = (self._proposals(searcher, number, given), self._proposals(searcher, number, {}) if given else iter(()))
        found = next((point for way in ways for point in way if _key(point) not in self._tried), None)
        self._dry = number if found is None else None
        return found

    @property
    def trials(self) -> int:
        """How many trials there will be: what is enqueued comes on top of a searcher's list, within the budget."""
        beyond = self._given.enqueued + len(self._aside)
        return min(self._spec.budget.trials, self._spec.trials + beyond)

    def room(self, number: int) -> int:
        """The first trial from a number on that would begin a point, and is given none yet."""
        return self._given.room(number)

    def enqueue(self, number: int, point: Point) -> None:
        """A trial that has not begun is to try a point, whole or in part."""
        self._given.add(number, point)
        self._dry = None

    def _read_on(self, number: int) -> None:
        """Note the trials before this one; only new ones are read, for listing all takes ever longer."""
        for new in set(range(self._read, number)) - self._aside:
            self._tried.add(_key(self._trial(new).params))
        self._read = number

    def _trial(self, number: int) -> FrozenTrial:
        storage, study = self._study._storage, self._study._study_id
        return storage.get_trial(storage.get_trial_id_from_study_id_trial_number(study, number))

    def _place(self, number: int) -> int:
        """Which of the sweep's points a trial tries: repeated ones count once."""
        return number // self._spec.repeats

    def _proposals(self, searcher: Searcher, number: int, given: Point) -> Iterator[Point]:
        """All that may be tried, the best first."""
        if (listed := searcher.trials(self._spec.space)) is not None:
            yield from self._listed(searcher, number, listed, given)
            return
        proposed: Point = {}
        for attempt in range(ATTEMPTS):
            proposed = self._draw(searcher, number, given, attempt)
            yield proposed
        for attempt in range(NEIGHBOURS):
            kept = self._some(proposed, number, attempt)
            yield self._draw(RandomSearch(), number, {**kept, **given}, ATTEMPTS + attempt)
        if (size := self._spec.space.size) <= LISTABLE:
            yield from (point for point in self._spec.space.grid(int(size)) if given.items() <= point.items())

    def _listed(self, searcher: Searcher, number: int, listed: int, given: Point) -> Iterator[Point]:
        """The points of a searcher that goes through a list, from this trial's place on; what is given has no place."""
        if given:
            yield self._draw(RandomSearch(), number, given)
            return
        for further in range(listed):
            yield self._draw(searcher, number, {}, further=further)

    def _draw(self, searcher: Searcher, number: int, given: Point, attempt: int = 0, further: int = 0) -> Point:
        place = self._given.drawn_before(self._place(number))
        shown = counted(self._study, self._aside)
        sampler = searcher.for_trial(self._spec.space, shown, self._spec.seed, number, attempt)
        draft = Draft(sampler, shown, place + further, given)
        self._spec.space.suggest(draft)
        return draft.params

    def _some(self, proposed: Point, number: int, attempt: int) -> Point:
        """The proposal without one parameter, in later attempts without more and more."""
        left = max(0, len(proposed) - 1 - attempt * len(proposed) // NEIGHBOURS)
        own = random.Random(seed_of(self._spec.seed, "neighbour", number, attempt))
        return {name: proposed[name] for name in own.sample(sorted(proposed), left)}


def exactly(point: Point) -> BaseSampler:
    """A sampler that gives this point."""
    return ByRule(lambda number, name, distribution: point[name])


def _key(point: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    return frozenset(point.items())
