"""The driver gets SIGTERM, as from a cluster that takes its node back."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from survival.faults.sigint import interrupted
from survival.place import Place

PROMISED = "as the first Ctrl-C: the running epoch ends, exit code 130; resumed, no epoch is trained twice"


def inject(place: Place) -> Iterator[str]:
    """After a random report."""
    yield from interrupted(place, signal.SIGTERM)
