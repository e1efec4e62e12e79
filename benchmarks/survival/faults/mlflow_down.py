"""MLflow is down: at the start, in the middle, at the end, or all the time."""

from __future__ import annotations

from collections.abc import Iterator

from survival.drivers import DONE
from survival.place import Place, all_of
from survival.servers import proxied

PROMISED = "training goes on; everything is caught up when it is back, by itself or by `tuner track`, once each"
WHEN = ("start", "middle", "end", "always")
TIMES = 8


def inject(place: Place) -> Iterator[str]:
    """Connections are refused, each time in its turn."""
    when = WHEN[place.number % len(WHEN)]
    place.spec["budget"] = {"trials": 6, "epochs": 3}
    with proxied(place, up=when not in ("start", "always")) as server:
        driver = place.start()
        driver.until(place.rng.randint(3, 8))
        if when == "start":
            server.up()
        elif when in ("middle", "end"):
            server.down()
        driver.until(place.rng.randint(9, 14))
        if when == "middle":
            server.up()
        if (code := driver.wait()) != DONE:
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
        server.down()
        server.up()
        yield from all_of(place.tracked(), place.problems(), place.repeats(0))
