"""The driver is killed, one trial at a time, and the resumed sweep is compared with one that was never disturbed."""

from __future__ import annotations

from collections.abc import Iterator

from survival.instruments import MOMENTS, killed_at
from survival.pairs import exact
from survival.place import Place, all_of

PROMISED = "points, values, states, decisions are the same; every searcher, none, asha, hyperband, median, freeze_thaw"
TIMES = len(exact())
APPENDS = 45
LEARNED = {"trials": 14, "epochs": 3}
"""The model of `freeze_thaw` decides from the ninth trial on."""


def inject(place: Place) -> Iterator[str]:
    """A kill, a turn to the end, and a whole sweep beside it; each pair in its turn."""
    place.spec["searcher"], place.spec["scheduler"] = exact()[place.number % len(exact())]
    appends = APPENDS
    if place.spec["scheduler"] == "freeze_thaw":
        place.spec["budget"], appends = LEARNED, 2 * APPENDS
    place.run(killed_at(place.rng.randint(3, appends), place.rng.choice(MOMENTS)))
    yield from all_of(place.finish(), place.differences())
