"""MLflow's PostgreSQL is stopped, and started again later."""

from __future__ import annotations

from collections.abc import Iterator

from survival.drivers import DONE
from survival.place import Place, all_of
from survival.servers import postgres, postgres_tools

PROMISED = "training goes on; everything is caught up when it is back, by itself or by `tuner track`, once each"


def lacking() -> str | None:
    """What this machine lacks for it."""
    return None if postgres_tools() else "PostgreSQL"


def inject(place: Place) -> Iterator[str]:
    """In the middle of the sweep; up again before its end, or after."""
    with postgres() as server:
        place.environment["MLFLOW_TRACKING_URI"] = server.uri
        place.shown_in = server
        driver = place.start()
        driver.until(place.rng.randint(1, 8))
        server.down()
        driver.until(place.rng.randint(9, 18))
        late = place.rng.random() < 0.5
        if not late:
            server.up()
        if (code := driver.wait()) != DONE:
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
        if late:
            server.up()
        yield from all_of(place.tracked(), place.problems(), place.repeats(0))
