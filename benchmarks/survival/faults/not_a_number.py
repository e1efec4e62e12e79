"""A trial's weights become NaN or infinite in mid-training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from survival import checks
from survival.instruments import struck
from survival.place import Place

PROMISED = "that trial is FAIL with a cause in words; all others are trained as if nothing had happened"


def inject(place: Place) -> Iterator[str]:
    """In one trial, at one epoch."""
    trial, epoch = place.rng.randrange(6), place.rng.randint(1, 3)
    value = place.rng.choice((math.nan, math.inf))

    def ruin(module: Any) -> None:
        for weights in module.parameters():
            weights.data.fill_(value)

    place.run(struck(trial, epoch, ruin))
    yield from place.problems()
    yield from checks.failed_alone(place.record(), trial, "became")
