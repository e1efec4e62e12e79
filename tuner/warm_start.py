"""What a new sweep takes from earlier ones: points to begin with, and trials that count as seen.

It is noted in the new sweep's ledger when that is made, so that an interrupted sweep goes on without the earlier ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from search_spaces.space import Point
from tracking.records import SweepRecord
from tuner.offers import Offer, offer_of

if TYPE_CHECKING:
    from optuna.study import Study

    from tuner.spec import SweepSpec

KEY = "warm_start"
"""Where the ledger keeps what was taken."""
AUTO = ("auto",)
"""In place of names: every finished sweep of the home."""
SHARE = 5
"""Points of earlier sweeps take one in so many trials of the budget, and at least one."""
TOLD = 200
"""So many earlier trials count as seen at most: `auto` looks back on no more."""


@dataclass(frozen=True)
class Taken:
    """How many points and trials were taken from one earlier sweep, and why not more."""

    sweep: str
    points: int
    trials: int
    remark: str

    def __str__(self) -> str:
        given = [_count(self.points, "point"), _count(self.trials, "trial")]
        told = " and ".join(it for it in given if it)
        parts = (told, self.remark) if told else (f"not used: {self.remark}",)
        return f"warm start from {self.sweep}: {', '.join(part for part in parts if part)}"


@dataclass(frozen=True)
class WarmStart:
    """What is taken from all earlier sweeps together.

    Attributes:
        sweeps: Each of them, whether it was of use or not.
        points: What to try after the spec's own points, whole or in part.
        trials: What counts as seen, as `Offer.trials` has it.
    """

    sweeps: Sequence[Taken]
    points: Sequence[Point]
    trials: Sequence[Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, for the ledger."""
        return {"sweeps": [asdict(it) for it in self.sweeps], "points": [*self.points], "trials": [*self.trials]}


def warm_start(spec: SweepSpec, digests: Mapping[str, str], earlier: Iterable[SweepRecord]) -> WarmStart:
    """What a new sweep takes from earlier ones: the best points of each in turn, and the trials that count here.

    Args:
        spec: The new sweep.
        digests: The fingerprint of each of its data sets, by name.
        earlier: The other sweeps, as they stand.
    """
    offers = [offer_of(record, spec, digests) for record in earlier]
    room = min(max(1, spec.budget.trials // SHARE), spec.budget.trials - len(spec.first_points))
    points = _in_turn([offer.points for offer in offers], spec.first_points, room)
    each = TOLD // max(1, sum(bool(offer.trials) for offer in offers))
    trials = [_some(offer.trials, each) for offer in offers]
    counted = [sum(place == giver for giver, _ in points) for place in range(len(offers))]
    sweeps = [
        Taken(offer.sweep, count, len(told), _remark(offer, count, len(told)))
        for offer, count, told in zip(offers, counted, trials, strict=True)
    ]
    return WarmStart(sweeps, [point for _, point in points], list(itertools.chain(*trials)))


def points_of(study: Study) -> tuple[Point, ...]:
    """The points that were taken when the study was made."""
    return tuple(_noted(study).get("points", ()))


def trials_of(study: Study) -> Sequence[Mapping[str, Any]]:
    """The trials that count as seen, as they were when the study was made."""
    found: Sequence[Mapping[str, Any]] = _noted(study).get("trials", ())
    return found


def _noted(study: Study) -> Mapping[str, Any]:
    # the study's own property copies all of it, at every draw
    found: Mapping[str, Any] = study._storage.get_study_user_attrs(study._study_id).get(KEY, {})
    return found


def _in_turn(offered: Sequence[Sequence[Point]], given: Sequence[Point], room: int) -> list[tuple[int, Point]]:
    """The best of each, then the second best, ..., none twice, with the place of the giver."""
    found: list[tuple[int, Point]] = []
    for nth in itertools.zip_longest(*offered):
        for giver, point in enumerate(nth):
            if point is not None and point not in [*given, *(it for _, it in found)]:
                found.append((giver, point))
    return found[:room]


def _some(trials: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    """At most so many: the better half of these from the top, the others spread evenly over the rest."""
    if len(trials) <= count:
        return list(trials)
    top = (count + 1) // 2
    rest, left = trials[top:], count - top
    return [*trials[:top], *(rest[place * len(rest) // left] for place in range(left))]


def _remark(offer: Offer, points: int, trials: int) -> str:
    no_points = offer.no_points or "they are given already, or budget.trials has no room for them"
    if not points:
        return f"none of its points: {no_points}" if trials else no_points
    if not trials:
        return f"none of its trials: {offer.no_trials}"
    return f"of {len(offer.trials)} that count" if trials < len(offer.trials) else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""
