"""S3, where MLflow's files go, breaks uploads off in the middle, or answers 500 or 503 (slow down)."""

from __future__ import annotations

from collections.abc import Iterator

from survival.drivers import DONE
from survival.object_store import SLOW_DOWN, kept, lacking, uploading
from survival.place import Place, all_of

PROMISED = "training goes on; `tuner track` brings the files, `tuner resume` the best network: each once, and whole"
TIMES = 6

__all__ = ["PROMISED", "TIMES", "inject", "lacking"]


def inject(place: Place) -> Iterator[str]:
    """From the first upload or the middle on, for some uploads or to the end; by MLflow's server or by the driver."""
    with uploading(place, directly=place.number % 2 == 1) as store:
        driver = place.start()
        driver.until(place.rng.choice((0, place.rng.randint(1, 17))))
        store.hurt, store.every = 0, place.rng.choice((1, 1, 2))
        store.cut = place.number % 3 == 0
        store.status = {1: 500, 2: 503}.get(place.number % 3)
        store.text = SLOW_DOWN if store.status == 503 else b""
        if (code := driver.wait()) != DONE:
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
        if not store.hurt:
            yield "no upload was struck"
        store.well()
        if (code := place.run()) != DONE:
            yield f"resuming ended with {code}: {place.output()[-2000:]}"
        yield from all_of(place.tracked(), place.problems(), place.repeats(0), kept(place))
