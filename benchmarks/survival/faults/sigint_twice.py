"""The driver gets SIGINT (Ctrl-C) twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

from survival.drivers import INTERRUPTED
from survival.place import Place, all_of

PROMISED = "it stops at once, exit code 130; resumed, at most one epoch is trained twice, and nothing differs"


def inject(place: Place) -> Iterator[str]:
    """After a random report, one shortly after the other."""
    driver = place.start()
    driver.until(place.rng.randint(1, 6))
    driver.signal(signal.SIGINT)
    time.sleep(place.rng.uniform(0.0, 0.1))
    driver.signal_if_alive(signal.SIGINT)
    if (code := driver.wait()) != INTERRUPTED:
        yield f"the driver ended with {code}, not with {INTERRUPTED}: {place.output()[-2000:]}"
    yield from all_of(place.finish(), place.differences())
