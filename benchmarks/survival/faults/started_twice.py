"""The same sweep is started twice, at the same moment or while the first drives it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from survival.drivers import DONE, REFUSED
from survival.place import Place, all_of

PROMISED = "one drives, the other is refused with exit code 2 and told why; the sweep is as if it had been started once"


def inject(place: Place) -> Iterator[str]:
    """Two drivers, the second up to half a second later."""
    first = place.start()
    time.sleep(place.rng.choice((0.0, place.rng.uniform(0.0, 0.5))))
    second = place.start()
    codes = sorted((first.wait(), second.wait()))
    if codes != [DONE, REFUSED]:
        yield f"the drivers ended with {codes}, one of them saying: {place.output()[-2000:]}"
    yield from all_of(place.problems(), place.repeats(0), place.differences())
