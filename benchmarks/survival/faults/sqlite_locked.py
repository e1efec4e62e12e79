"""MLflow's SQLite database is locked from outside for seconds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

from survival.drivers import DONE
from survival.place import Place, all_of

PROMISED = "training goes on; everything is caught up when the lock is gone, once each"


def inject(place: Place) -> Iterator[str]:
    """From a random report on, for up to 12 seconds."""
    driver = place.start()
    driver.until(place.rng.randint(1, 9))
    with sqlite3.connect(place.database, timeout=30, isolation_level=None) as other:
        other.execute("begin exclusive")
        until = time.monotonic() + place.rng.uniform(2.0, 12.0)
        before = time.monotonic()
        driver.until(18)
        trained = time.monotonic() - before
        time.sleep(max(0.0, until - time.monotonic()))
        other.execute("rollback")
    if trained > 60.0:
        yield f"training took {trained:.0f} s beside the lock"
    if (code := driver.wait()) != DONE:
        yield f"the driver ended with {code}: {place.output()[-2000:]}"
    yield from all_of(place.tracked(), place.problems(), place.repeats(0))
