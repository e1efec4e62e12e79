"""The system's clock jumps by a day, forwards or backwards, in the middle of the sweep."""

from __future__ import annotations

from collections.abc import Iterator

from survival.instruments import clock_moved
from survival.place import Place, all_of

PROMISED = "nothing is noticed: durations come from a clock that does not jump; nothing differs"


def inject(place: Place) -> Iterator[str]:
    """As Python and Optuna read it in the driver's process, whose driver is killed besides; the system's own stays."""
    by = place.rng.choice((-86_400.0, 86_400.0))
    driver = place.start(clock_moved(by, after=place.rng.randint(2, 40)))
    driver.until(place.rng.randint(2, 12))
    driver.kill()
    yield from all_of(place.finish(), place.differences())
