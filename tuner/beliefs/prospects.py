"""What is hoped for from points that a model has looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tuner.beliefs.expectation import log_expected_improvement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuner.beliefs.gaussian_process import GaussianProcess, Look

    Array = NDArray[np.float64]
    Numbers = NDArray[np.int64]

AT_ONCE = 200
"""So many of those that promise most are looked at again together."""


@dataclass(frozen=True, eq=False)
class Prospects:
    """n points, with the improvement that is expected of each.

    Attributes:
        look: What a process expects there.
        prices: The logarithm of what each costs beside others, [n]; 0 if that does not count.
        best: The value to be improved on.
    """

    look: Look
    prices: Array
    best: float

    @cached_property
    def hopes(self) -> Array:
        """The logarithm of the expected improvement, by its price: [n]."""
        return log_expected_improvement(self.look.mean, self.look.deviation, self.best) - self.prices

    def foremost(
        self, among: Numbers, process: GaussianProcess, count: int, above: float = -math.inf
    ) -> tuple[Numbers, Array]:
        """Of some of them those of which a later process hopes most: which, as places in `among`, and what it hopes.

        It must hope nowhere for more than the process before it: then those that promised most are looked at again
        first, and the others only while they may still be among the `count` best.

        Args:
            among: Where they stand.
            process: The later process.
            count: How many at least, if so many promise more than `above`.
            above: What is hoped for elsewhere.
        """
        promised = self.hopes[among]
        order = np.argsort(-promised, kind="stable")[: int((promised > above).sum())]
        found = np.empty(0)
        while len(found) < len(order) and (
            len(found) < count or np.partition(found, -count)[-count] < promised[order[len(found)]]
        ):
            some = among[order[len(found) : len(found) + AT_ONCE]]
            again = log_expected_improvement(*process.look_again(self.look, some), self.best) - self.prices[some]
            found = np.r_[found, again]
        return order[: len(found)], found
