"""The driver gets SIGINT (Ctrl-C) once."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from survival.drivers import INTERRUPTED
from survival.place import Place, all_of

PROMISED = "the running epoch ends, exit code 130; resumed, no epoch is trained twice, and nothing differs"
SIGNAL = signal.SIGINT


def inject(place: Place) -> Iterator[str]:
    """After a random report."""
    yield from interrupted(place, SIGNAL)


def interrupted(place: Place, number: signal.Signals) -> Iterator[str]:
    """One signal, a turn to the end, and nothing was trained twice."""
    place.spec["scheduler"] = place.rng.choice(("none", "asha", "hyperband"))
    driver = place.start()
    driver.until(place.rng.randint(1, 6))
    driver.signal(number)
    if (code := driver.wait()) != INTERRUPTED:
        yield f"the driver ended with {code}, not with {INTERRUPTED}: {place.output()[-2000:]}"
    yield from all_of(place.finish(), place.repeats(0), place.differences())
