"""The points that new trials are given to try, before a searcher is asked."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from search_spaces.problems import Problems
from search_spaces.space import Point, Space
from tuner import starting_points
from tuner.taken import enqueued
from tuner.warm_start import points_of

if TYPE_CHECKING:
    from optuna.study import Study

    from tuner.spec import SweepSpec


class Given:
    """Who tries which given point: the spec's come first, then those of earlier sweeps, then those that are enqueued.

    A place is that of a point among all points of a sweep, from 0: the number of its trial, or of its first one where
    every point is repeated.

    Args:
        spec: The sweep.
        study: Its trials so far, and what was noted of its requests.
    """

    def __init__(self, spec: SweepSpec, study: Study) -> None:
        self._repeats = spec.repeats
        self._points: dict[int, Point] = dict(enumerate((*spec.first_points, *points_of(study))))
        self._first = len(self._points)
        for trial, point in enqueued(study).items():
            if fits(point, spec.space):  # the space may have been changed since
                self.add(trial, point)

    @property
    def enqueued(self) -> int:
        """How many trials the enqueued points make."""
        return self._repeats * (len(self._points) - self._first)

    def at(self, place: int) -> Point:
        """The parameters that are given there; none where all are drawn."""
        return self._points.get(place, {})

    def drawn_before(self, place: int) -> int:
        """How many places before one are the searcher's alone: given points do not use up those of its list."""
        return place if place in self._points else place - sum(given < place for given in self._points)

    def room(self, number: int) -> int:
        """The first trial from a number on that would begin a point, and is given none yet."""
        place = -(-number // self._repeats)
        return self._repeats * next(free for free in count(place) if free not in self._points)

    def add(self, trial: int, point: Point) -> None:
        """A trial that has not begun is to try a point."""
        self._points[trial // self._repeats] = point


def fits(point: dict[str, Any], space: Space) -> bool:
    """Whether a point can be tried in a space."""
    try:
        starting_points.read_one(point, space)
    except Problems:
        return False
    return True
