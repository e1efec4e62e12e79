"""The experiment is deleted in MLflow, or the whole database is replaced by an empty one, during or after the sweep."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from survival.drivers import DONE
from survival.place import Place, all_of, deleted_experiment, empty_database

PROMISED = "`tuner track` makes it whole again, once each; training does not notice"


def inject(place: Place) -> Iterator[str]:
    """In the middle of the sweep, or when it is over."""
    early = place.rng.random() < 0.5
    driver = place.start()
    driver.until(place.rng.randint(5, 12))
    if early:
        deleted_experiment(place.database, place.name)
    if (code := driver.wait()) != DONE:
        yield f"the driver ended with {code}: {place.output()[-2000:]}"
    if not early:
        shutil.copy(empty_database(), place.database)
    yield from all_of(place.tracked(), place.problems(), place.repeats(0))
