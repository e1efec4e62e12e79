"""MLflow is slow (2 s an answer), answers 500 or 429 (come again in an hour), or breaks off before it answers."""

from __future__ import annotations

from collections.abc import Iterator

from survival.drivers import DONE
from survival.place import Place, all_of
from survival.servers import proxied

PROMISED = "training goes on; everything is caught up when it is well again, by itself or by `tuner track`, once each"
TIMES = 8


def inject(place: Place) -> Iterator[str]:
    """From the start, or from the middle on; every second request, or each one."""
    with proxied(place) as server:
        driver = place.start()
        driver.until(place.rng.randint(1, 8))
        server.every = place.rng.choice((1, 2))
        ill = place.number % 4
        server.delay = 2.0 if ill == 0 else 0.0
        server.status = {1: 500, 2: 429}.get(ill)
        server.broken = ill == 3
        driver.until(18)
        if place.rng.random() < 0.5:
            server.well()
        if (code := driver.wait()) != DONE:
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
        server.well()
        yield from all_of(place.tracked(), place.problems(), place.repeats(0))
