"""A Ray worker is killed with SIGKILL, as the system does when memory runs out."""

from __future__ import annotations

import time
from collections.abc import Iterator

from survival import on_ray
from survival.drivers import DONE
from survival.place import Place

PROMISED = "the trial goes on from its newest checkpoint with another worker; the sweep ends whole"
RAY = True


def inject(place: Place) -> Iterator[str]:
    """One that trains, after a random report."""
    on_ray.prepare(place)
    place.spec["budget"] = {"trials": 6, "epochs": 6}
    driver = place.start(runner="ray")
    driver.until(place.rng.randint(1, 20))
    training = on_ray.below(driver, "ray::ImplicitFunc")
    if not training:
        yield "no worker was found to kill"
    on_ray.end(training[:1])
    began = time.monotonic()
    if (code := driver.wait()) != DONE:
        yield f"the driver ended with {code} after {time.monotonic() - began:.0f} s: {place.output()[-2000:]}"
        return
    yield from place.problems()
    if wrong := [trial for trial in place.record().trials if str(trial.state) != "COMPLETE"]:
        yield f"trial {wrong[0].number} is {wrong[0].state} ({wrong[0].cause})"
