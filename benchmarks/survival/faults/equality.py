"""The driver is killed, one trial at a time, and the resumed sweep is compared with one that was never disturbed."""

from __future__ import annotations

from collections.abc import Iterator

from survival.instruments import MOMENTS, killed_at
from survival.pairs import exact
from survival.place import Place, all_of

PROMISED = "every point, value, state and decision is the same, with every searcher and none, asha, hyperband, median"
TIMES = len(exact())
APPENDS = 45


def inject(place: Place) -> Iterator[str]:
    """A kill, a turn to the end, and a whole sweep beside it; each pair in its turn."""
    place.spec["searcher"], place.spec["scheduler"] = exact()[place.number % len(exact())]
    place.run(killed_at(place.rng.randint(3, APPENDS), place.rng.choice(MOMENTS)))
    yield from all_of(place.finish(), place.differences())
