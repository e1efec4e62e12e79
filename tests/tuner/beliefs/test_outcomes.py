import math

import numpy as np
import pytest

from tuner.beliefs.outcomes import Observation, marks, observed, scaled, time_of, worst_for_none


def test_a_curve_is_looked_at_in_some_epochs_and_the_last_by_its_best_since_the_time_before():
    curve = {1: 0.8, 2: 0.7, 3: 0.6, 4: 0.75, 5: 0.5}
    assert list(observed(4, curve, -1.0, [1, 3, 9])) == [
        Observation(4, 1, -0.8),
        Observation(4, 3, -0.7),
        Observation(4, 5, -0.75),
    ]


def test_a_value_that_is_no_number_ends_a_curve_as_a_failure():
    assert list(observed(0, {1: 2.0, 2: math.nan}, 1.0, [1])) == [Observation(0, 1, 2.0), Observation(0, 2, None)]


def test_curves_are_looked_at_in_powers_of_three_and_at_the_end():
    assert marks(50) == [1, 3, 9, 27, 50]
    assert marks(27) == [1, 3, 9, 27]
    assert marks(1) == [1]


def test_time_is_even_in_the_logarithm_of_the_epoch():
    assert [time_of(epoch, 81) for epoch in (1, 3, 9, 27, 81)] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert time_of(1, 1) == 1


def test_failures_are_as_bad_as_the_worst():
    assert worst_for_none([0.5, None, 0.2]).tolist() == [0.5, 0.5, 0.2]
    assert worst_for_none([None]).tolist() == [0.0]


def test_scaled_values_keep_their_order_and_one_that_diverged_flattens_nothing():
    values = np.array([1.0, 1.1, 1.2, 1.3, 1e12])
    found = scaled(values)
    assert (np.diff(found) > 0).all()
    assert found[1] - found[0] > 0.1
    assert found[4] < 4


def test_equal_values_stay_equal():
    assert len(set(scaled(np.array([0.5, 0.5, 0.5])))) == 1
