import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from tuner.beliefs.expectation import log_expected_improvement


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0.0, 1.0, 0.0), (1.0, 0.5, 0.2), (-1.0, 2.0, 0.0)])
def test_it_is_the_logarithm_of_the_integral_that_defines_it(mean, deviation, best):
    integral, _ = quad(lambda y: (best - y) * norm.pdf(y, mean, deviation), mean - 12 * deviation, best)
    assert log_expected_improvement(np.array([mean]), np.array([deviation]), best)[0] == pytest.approx(np.log(integral))


def test_far_from_the_best_it_is_finite_and_still_falls():
    means = np.array([1.0, 4.0, 4.9, 5.1, 6.0, 10.0, 30.0, 100.0, 1e4])
    found = log_expected_improvement(means, np.ones(9), 0.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_far_out_it_follows_its_asymptote():
    # phi(z) + z Phi(z) -> phi(z) / z^2 as z -> -infinity
    found = log_expected_improvement(np.array([30.0]), np.array([1.0]), 0.0)[0]
    assert found == pytest.approx(norm.logpdf(30.0) - 2 * np.log(30.0), abs=0.01)
