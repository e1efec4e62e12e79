"""The code of the user's own network is changed between a kill and the resumption."""

from __future__ import annotations

from collections.abc import Iterator

from survival import own_network
from survival.drivers import REFUSED
from survival.place import Place, killed_in_between

PROMISED = "resuming is refused and says what changed; with `--accept-changes` the sweep goes on to its end"


def inject(place: Place) -> Iterator[str]:
    """A line of its module is another."""
    own_network.searched(place)
    yield from killed_in_between(place)
    own_network.write(place, own_network.CHANGED)
    if (code := place.run()) != REFUSED:
        yield f"resuming ended with {code}: {place.output()[-2000:]}"
    elif "small_network" not in place.output():
        yield f"it did not say what has changed: {place.output()[-2000:]}"
    yield from place.finish(again=-1, accept_changes=True)
