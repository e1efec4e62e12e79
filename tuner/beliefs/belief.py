"""A belief about a space: which points may turn out best, after what was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from tuner.beliefs.gaussian_process import GaussianProcess, Seen
from tuner.beliefs.prospects import Prospects

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from tuner.beliefs.coordinates import Coordinates
    from tuner.beliefs.evidence import Evidence
    from tuner.beliefs.price import Price

    Array = NDArray[np.float64]
    Numbers = NDArray[np.int64]

BELIEVED = 100
"""So many of the trials at work count as ended, those of which most is expected: near them others would go too."""
TOPS, LOOKED_AT = 5, 1000
"""So many of the best points are searched around; where more were tried than the second, the best that it remembers."""
DRAWN, NEIGHBOURS, FURTHER = 600, 30, 20
"""Random candidates, neighbours of each top at each distance, and of each candidate that is followed up."""
FOLLOWED, ROUNDS = 4, 2
"""How many candidates are followed up, and how often."""
FEWER = 3
"""Where more than a thousand points were tried, a third of the candidates are drawn: there are many decisions then."""


class Belief:
    """What is hoped for from each point: the logarithm of the expected improvement that a whole training brings.

    Where it has a price, that improvement per second.

    Args:
        evidence: What was seen.
        process: The model of it, and of what is believed of the trials at work.
        price: What trainings cost, if that is to count.
        alone: The belief without the trials at work, if this one has them.
    """

    def __init__(
        self,
        evidence: Evidence,
        process: GaussianProcess,
        price: Price | None = None,
        alone: Belief | None = None,
    ) -> None:
        self.process = process
        self._evidence, self._price, self._alone = evidence, price, alone or self
        self._coordinates, self._points = evidence.coordinates, evidence.points
        self._expected: dict[int, float] = {}
        """What is expected of trials that were asked for."""
        self._frozen: tuple[Numbers, Prospects] | None = None
        """The trials that were last compared."""

    def amid(self, working: Sequence[int]) -> Belief:
        """The belief while trials are at work: each counts as ended with what is expected of it ("kriging believer").

        So that several workers do not all go for the same point (Ginsbourger, Le Riche and Carraro, 2010). It leaves
        what is expected as it is and makes it more certain: nowhere is more hoped for than without them.
        """
        if not working:
            return self
        numbers = np.array(working, dtype=np.int64)
        expected = self._expected_of(numbers)
        if len(numbers) > BELIEVED:
            foremost = np.sort(np.argsort(expected, kind="stable")[:BELIEVED])
            numbers, expected = numbers[foremost], expected[foremost]
        believed = Seen(self._rows(numbers), np.ones(len(numbers)), numbers, expected)
        return Belief(self._evidence, self.process.having_seen(believed), self._price, self)

    def most_hoped(self, numbers: Sequence[int], above: float = -math.inf) -> int | None:
        """Of trials that were begun the one of which most is hoped if it is trained to the end; None if not above."""
        frozen = np.array(numbers, dtype=np.int64)
        prospects, places = self._alone._trials(frozen)
        found, hopes = self._foremost(prospects, places, 1, above)
        return int(frozen[found[int(np.argmax(hopes))]]) if hopes.max(initial=above) > above else None

    def best_new(self, rng: Generator) -> tuple[Array, float] | None:
        """The untried point of which most is hoped, with how much; None if every candidate was tried.

        It is looked for among random points and around those that promise most, then twice around the best found.
        """
        if not len(self._coordinates):
            return None
        tried = self._alone._tried.keys()
        fewer = FEWER if len(self._points) > LOOKED_AT else 1
        drawn = self._coordinates.draw(rng, DRAWN // fewer)
        near = self._coordinates.near(rng, self._alone._tops, NEIGHBOURS // fewer)
        rows = self._untried(np.vstack([drawn, near]), tried)
        leading, hopes = self._foremost(self._alone._prospects(rows), np.arange(len(rows)), FOLLOWED)
        found = rows[leading]
        for _ in range(ROUNDS if len(found) else 0):
            leaders = found[np.argsort(-hopes, kind="stable")[:FOLLOWED]]
            near = self._untried(self._coordinates.near(rng, leaders, FURTHER), tried)
            found, hopes = np.vstack([found, near]), np.r_[hopes, self._prospects(near).hopes]
        if not len(found):
            return None
        first = int(np.argmax(hopes))
        return found[first], float(hopes[first])

    # --- inside ---

    @property
    def _best(self) -> float:
        return float(self._evidence.seen.values.min())

    @cached_property
    def _tried(self) -> _Tried:
        return _Tried(self._coordinates, self._points)

    @cached_property
    def _tops(self) -> Array:
        """The points tried of which the least is expected."""
        numbers = np.array(list(self._points), dtype=np.int64)
        if len(numbers) > LOOKED_AT:
            numbers = np.unique(self.process.seen.trials)
        expected, _ = self.process.predict(self._rows(numbers), numbers)
        return self._rows(numbers[np.argsort(expected, kind="stable")[:TOPS]])

    def _trials(self, numbers: Numbers) -> tuple[Prospects, Numbers]:
        """Those of trials, and where each stands; looked at once, as long as no others come."""
        known, prospects = self._frozen or (np.empty(0, dtype=np.int64), None)
        places = np.searchsorted(known, numbers)
        if prospects is None or places.max() >= len(known) or np.any(known[places] != numbers):
            known = np.sort(numbers)
            places, prospects = np.searchsorted(known, numbers), self._prospects(self._rows(known), known)
            self._frozen = known, prospects
        return prospects, places

    def _expected_of(self, numbers: Numbers) -> Array:
        if new := [it for it in numbers.tolist() if it not in self._expected]:
            tried = np.array(new, dtype=np.int64)
            mean, _ = self.process.predict(self._rows(tried), tried)
            self._expected.update(zip(new, mean.tolist(), strict=True))
        return np.array([self._expected[it] for it in numbers.tolist()])

    def _foremost(
        self, looked_at: Prospects, among: Numbers, count: int, above: float = -math.inf
    ) -> tuple[Numbers, Array]:
        """Of some that were looked at without the work the most hopeful, at least `count`: which, and their hopes."""
        if self._alone is self:
            return np.arange(len(among)), looked_at.hopes[among]
        return looked_at.foremost(among, self.process, count, above)

    def _untried(self, rows: Array, tried: Set[bytes]) -> Array:
        return rows[[key not in tried for key in self._coordinates.keys(rows)]]

    def _prospects(self, rows: Array, trials: Numbers | None = None) -> Prospects:
        prices = self._price.of(rows) if self._price else np.zeros(len(rows))
        return Prospects(self.process.look(rows, trials), prices, self._best)

    def _rows(self, numbers: Numbers) -> Array:
        return np.array([self._points[number] for number in numbers.tolist()])


class _Tried:
    """The keys of all points that were begun; more are begun while it is kept."""

    def __init__(self, coordinates: Coordinates, points: Mapping[int, Array]) -> None:
        self._coordinates, self._points = coordinates, points
        self._keys: set[bytes] = set()
        self._counted = 0

    def keys(self) -> set[bytes]:
        """Those begun by now."""
        if new := list(islice(self._points.values(), self._counted, None)):
            self._keys.update(self._coordinates.keys(np.array(new)))
            self._counted += len(new)
        return self._keys
