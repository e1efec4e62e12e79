"""The driver is killed with SIGKILL: before, within or after any append to ledger or spool, or at any moment."""

from __future__ import annotations

from collections.abc import Iterator

from survival.drivers import KILLED
from survival.instruments import MOMENTS, killed_at
from survival.pairs import valid
from survival.place import Place

PROMISED = "exactly the planned trials, one run each, none running, none doubled; at most one epoch again a kill"
TIMES = 100
APPENDS = 60
"""A sweep of six trials and three epochs makes about so many; a later one is not reached, and nothing is killed."""
SECONDS = 1.5


def inject(place: Place) -> Iterator[str]:
    """One or two kills, then a turn to the end; with each pair of searcher and scheduler in its turn."""
    place.spec["searcher"], place.spec["scheduler"] = valid()[place.number % len(valid())]
    for _ in range(place.rng.choice((1, 1, 2))):
        if place.rng.random() < 0.6:
            code = place.run(killed_at(place.rng.randint(1, APPENDS), place.rng.choice(MOMENTS)))
        else:
            code = place.killed_after(place.rng.uniform(0.0, SECONDS))
        if code not in (KILLED, 0):
            yield f"the driver ended with {code} before it was killed: {place.output()[-2000:]}"
    yield from place.finish()
