"""A trial raises CUDA's out-of-memory error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from survival import checks
from survival.instruments import struck
from survival.place import Place

PROMISED = "that trial is FAIL with a cause in words and what to do; all others are trained as if nothing had happened"
TEXT = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 139.80 GiB"


def inject(place: Place) -> Iterator[str]:
    """In one trial, at one epoch."""
    trial, epoch = place.rng.randrange(6), place.rng.randint(1, 3)

    def overflow(module: Any) -> None:
        raise torch.OutOfMemoryError(TEXT)

    place.run(struck(trial, epoch, overflow))
    yield from place.problems()
    yield from checks.failed_alone(place.record(), trial, "memory", "batch_size")
