"""The driver on Ray is killed, and everything that Ray has written is deleted before the resumption."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from survival import on_ray
from survival.drivers import DONE
from survival.place import Place

PROMISED = "nothing of it is needed: the sweep goes on from its ledger with a new Ray"
RAY = True


def inject(place: Place) -> Iterator[str]:
    """After a random report."""
    on_ray.prepare(place)
    driver = place.start(runner="ray")
    driver.until(place.rng.randint(1, 12))
    family = on_ray.below(driver, "")
    driver.kill()
    on_ray.end(family)
    if not on_ray.sessions(place):
        yield "nothing of Ray's was found to delete"
    shutil.rmtree(place.folder / on_ray.TEMPORARY)
    if (code := place.run(runner="ray")) != DONE:
        yield f"resuming ended with {code}: {place.output()[-2000:]}"
        return
    yield from place.problems()
