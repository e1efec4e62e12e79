"""A trial asks for more memory than the process may have."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import Any

import psutil
import torch

from survival import checks
from survival.instruments import struck
from survival.place import Place

PROMISED = "that trial is FAIL with a cause in words; all others are trained as if nothing had happened"


def inject(place: Place) -> Iterator[str]:
    """In one trial, at one epoch, with the system's limit 200 MB above what the process has."""
    trial, epoch = place.rng.randrange(6), place.rng.randint(1, 3)

    def overflow(module: Any) -> None:
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + 200_000_000, before[1]))
        try:
            torch.empty(4_000_000_000, dtype=torch.uint8).zero_()
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)

    place.run(struck(trial, epoch, overflow))
    yield from place.problems()
    yield from checks.failed_alone(place.record(), trial, "memory")
