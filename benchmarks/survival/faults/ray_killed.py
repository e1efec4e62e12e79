"""Ray's control service (GCS) or its raylet is killed with SIGKILL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from survival import on_ray
from survival.drivers import DONE
from survival.place import Place

PROMISED = "the driver ends by itself, or is ended by its user; resumed, the sweep ends whole"
RAY = True
WAIT_SECONDS = 60.0
PROCESSES = ("gcs_server", "raylet/raylet")


def inject(place: Place) -> Iterator[str]:
    """After a random report; the one and the other in turn."""
    on_ray.prepare(place)
    driver = place.start(runner="ray")
    driver.until(place.rng.randint(1, 10))
    family = on_ray.below(driver, "")
    struck = on_ray.below(driver, PROCESSES[place.number % 2])
    if not struck:
        yield f"there is no {PROCESSES[place.number % 2]} below the driver"
    on_ray.end(struck)
    with suppress(TimeoutError):  # then it was ended by SIGKILL, as by its user
        driver.wait(WAIT_SECONDS)
    on_ray.end(family)
    code = place.run(runner="ray")
    if code != DONE:
        yield f"resuming ended with {code}: {place.output()[-2000:]}"
        return
    yield from place.problems()
