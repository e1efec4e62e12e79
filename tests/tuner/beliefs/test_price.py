"""What a training costs is learned from those that were timed, and hope is weighed against it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from search_spaces.dimensions import Between
from search_spaces.flat import FlatSpace
from tuner.beliefs.belief import Belief
from tuner.beliefs.coordinates import Coordinates
from tuner.beliefs.evidence import Evidence
from tuner.beliefs.outcomes import Observation
from tuner.beliefs.price import Price, learned

COORDINATES = Coordinates(FlatSpace({"x": Between(0.0, 1.0), "y": Between(0.0, 1.0)}))
DRAWN = np.random.default_rng(0).random((25, 2))
POINTS = dict(enumerate(DRAWN))


def price_of(seconds: dict[int, float]) -> Price:
    return Price(COORDINATES, POINTS, seconds, learned(COORDINATES, POINTS, seconds))


def test_what_takes_eight_times_as_long_is_dearer_by_the_logarithm_of_eight() -> None:
    price = price_of({number: 5.0 * 8.0 ** point[0] for number, point in POINTS.items()})
    cheap, dear = price.of(np.array([[0.0, 0.5], [1.0, 0.5]]))
    assert dear - cheap == pytest.approx(math.log(8), abs=0.05)


def test_where_all_take_as_long_nothing_is_dearer() -> None:
    price = price_of(dict.fromkeys(POINTS, 30.0))
    assert price.of(DRAWN) == pytest.approx(np.zeros(25), abs=1e-9)


def test_of_two_hills_alike_the_cheaper_one_is_climbed() -> None:
    """Best at y = 0.2 and at y = 0.8 by turns; above 0.5 a training takes twenty times as long."""
    loss = [min(abs(y - 0.2), abs(y - 0.8)) + 0.3 * abs(x - 0.5) for x, y in DRAWN]
    evidence = Evidence(COORDINATES, POINTS, [Observation(i, 1, it) for i, it in enumerate(loss)], epochs=1)
    settings = evidence.settings(np.random.default_rng(0))

    def proposed(price: Price | None, seed: int) -> float:
        rng = np.random.default_rng(seed)
        found = Belief(evidence, evidence.process(settings, rng), price).best_new(rng)
        assert found is not None
        return float(found[0][1])

    dear_above = price_of({number: 20.0 if point[1] > 0.5 else 1.0 for number, point in POINTS.items()})
    dear_below = price_of({number: 1.0 if point[1] > 0.5 else 20.0 for number, point in POINTS.items()})
    assert proposed(dear_above, 1) < 0.5 < proposed(dear_below, 1)
