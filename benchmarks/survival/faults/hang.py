"""A trial hangs: a batch never ends, on a Ray worker; or it takes too long, in the driver's own process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from survival import on_ray, own_network
from survival.drivers import DONE
from survival.instruments import struck
from survival.place import Place

PROMISED = "noticed after `failures.timeout_minutes`, gone on with from the newest checkpoint; the sweep ends whole"
RAY = True
SECONDS = 20.0


def inject(place: Place) -> Iterator[str]:
    """One trial, once; on Ray the first time, in the driver's process after that."""
    place.spec |= {"failures": {"timeout_minutes": SECONDS / 60}}
    if place.number % 5:
        code = place.run(struck(place.rng.randrange(6), place.rng.randint(1, 3), _dawdle))
    else:
        code = _on_ray(place)
    if code != DONE:
        yield f"the driver ended with {code}: {place.output()[-2000:]}"
    yield from place.problems()
    if wrong := [trial for trial in place.record().trials if str(trial.state) != "COMPLETE"]:
        yield f"trial {wrong[0].number} is {wrong[0].state} ({wrong[0].cause})"


def _dawdle(module: Any) -> None:
    time.sleep(SECONDS + 1)


def _on_ray(place: Place) -> int:
    own_network.searched(place, hangs=True)
    on_ray.prepare(place)
    return place.run(runner="ray")
