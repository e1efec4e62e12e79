import warnings

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

from tuner import bandit
from tuner.bandit import Points, Process, Settings


def drawn(n, d, seed):
    draw = np.random.default_rng(seed)
    return Points(draw.random((n, d)), draw.integers(0, 9, n).astype(float)), draw.standard_normal(n)


def at_once(points):
    return Points(points.x, np.zeros(len(points)))


def sklearns(kernel, inputs, y):
    return GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(inputs, y)


def test_without_forgetting_it_is_scikit_learns_process_in_the_settings():
    (points, y), (at, _) = drawn(25, 3, 0), drawn(10, 3, 1)
    points, at = at_once(points), at_once(at)
    ours = Process(points, y, Settings(length=0.5, forgetting=0.0, noise=0.1))
    variance = ours.variance
    theirs = sklearns(ConstantKernel(variance) * RBF(0.5) + WhiteKernel(0.1 * variance), points.x, y)
    mean, deviation = theirs.predict(at.x, return_std=True)
    assert ours.mean(at) == pytest.approx(mean)
    # theirs is the deviation of a noisy value, ours of the value without its noise
    assert ours.deviation(at) ** 2 + 0.1 * variance == pytest.approx(deviation**2)
    assert ours.log_likelihood == pytest.approx(theirs.log_marginal_likelihood_value_)


def test_in_time_alone_it_is_scikit_learns_exponential_process():
    # (1 - e)^(|t - t'| / 2) = exp(-|t - t'| / l) with l = -2 / log(1 - e): the Matern kernel of order 1/2
    draw = np.random.default_rng(0)
    times, y = np.arange(12.0), draw.standard_normal(12)
    points, at = (Points(np.zeros((len(t), 2)), t) for t in (times, np.array([3.5, 12.0, 20.0])))
    ours = Process(points, y, Settings(length=0.3, forgetting=0.2, noise=0.05))
    variance, scale = ours.variance, -2 / np.log(1 - 0.2)
    kernel = ConstantKernel(variance) * Matern(scale, nu=0.5) + WhiteKernel(0.05 * variance)
    theirs = sklearns(kernel, times[:, None], y)
    mean, deviation = theirs.predict(at.t[:, None], return_std=True)
    assert ours.mean(at) == pytest.approx(mean)
    assert ours.deviation(at) ** 2 + 0.05 * variance == pytest.approx(deviation**2)
    assert ours.log_likelihood == pytest.approx(theirs.log_marginal_likelihood_value_)


def test_settings_and_time_are_multiplied():
    a, b = drawn(6, 2, 2)[0], drawn(5, 2, 3)[0]
    found = bandit.kernel(a, b, Settings(0.4, 0.3, 0.0))
    expected = RBF(0.4)(a.x, b.x) * 0.7 ** (np.abs(a.t[:, None] - b.t[None, :]) / 2)
    assert found == pytest.approx(expected)


def test_the_signals_variance_is_the_likeliest_one():
    points, y = drawn(20, 2, 4)
    points = at_once(points)
    ours = Process(points, y, Settings(0.5, 0.0, 0.1))

    def likelihood(variance):
        kernel = ConstantKernel(variance) * RBF(0.5) + WhiteKernel(0.1 * variance)
        return sklearns(kernel, points.x, y).log_marginal_likelihood_value_

    assert likelihood(ours.variance) >= max(likelihood(ours.variance * factor) for factor in (0.5, 0.9, 1.1, 2.0))


def test_the_likeliest_of_the_listed_settings_is_taken():
    points, _ = drawn(40, 1, 5)
    points = at_once(points)
    smooth = bandit.likeliest(points, np.sin(3 * points.x[:, 0]))
    rough = bandit.likeliest(points, np.sin(40 * points.x[:, 0]))
    assert smooth._settings.length > rough._settings.length
    noise = bandit.likeliest(points, np.random.default_rng(0).standard_normal(40))
    assert noise._settings.noise == max(bandit.NOISES)


def test_the_choice_lies_where_the_gain_is_largest():
    points, _ = drawn(60, 2, 6)
    gains = -((points.x - np.array([0.3, 0.7])) ** 2).sum(1)
    nobody = Points(np.empty((0, 2)), np.empty(0))
    found = bandit.choose(points, gains, nobody, 9.0, seed=0)
    assert found == pytest.approx([0.3, 0.7], abs=0.1)


def test_what_counted_long_ago_is_forgotten_when_gains_change():
    # early turns gained on the left, late ones on the right
    draw = np.random.default_rng(7)
    points = Points(draw.random((80, 1)), np.repeat(np.arange(20.0), 4))
    early = points.t < 14
    gains = np.where(early, 1 - points.x[:, 0], points.x[:, 0])
    nobody = Points(np.empty((0, 1)), np.empty(0))
    assert bandit.choose(points, gains, nobody, 20.0, seed=0)[0] > 0.5


def test_others_at_work_are_kept_away_from():
    # known in the middle alone, so that the bound is highest at one of the ends, and next at the other
    points = Points(np.linspace(0.4, 0.6, 9)[:, None], np.zeros(9))
    gains = np.cos(8 * points.x[:, 0] - 4)
    alone = bandit.choose(points, gains, Points(np.empty((0, 1)), np.empty(0)), 0.0, seed=0)
    beside = bandit.choose(points, gains, Points(alone[None], np.zeros(1)), 0.0, seed=0)
    assert abs(beside[0] - alone[0]) > 0.05


def test_the_same_seed_chooses_the_same_and_stays_in_the_cube():
    points, gains = drawn(30, 3, 9)
    pending, _ = drawn(2, 3, 10)
    first, again = (bandit.choose(points, gains, pending, 9.0, seed=5) for _ in range(2))
    assert np.array_equal(first, again)
    assert ((first >= 0) & (first <= 1)).all()


@pytest.mark.parametrize("gains", [[0.5, 0.5], [0.0, 0.0, 0.0], [1e9, -1e9, 0.0]])
def test_equal_and_huge_gains_do_not_break_it(gains):
    points, _ = drawn(len(gains), 2, 11)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bandit.choose(points, np.array(gains), Points(np.empty((0, 2)), np.empty(0)), 9.0, seed=0)
    assert np.isfinite(found).all()


def test_the_same_point_twice_does_not_break_it():
    points = Points(np.full((10, 2), 0.5), np.zeros(10))
    found = bandit.choose(points, np.arange(10.0), Points(np.empty((0, 2)), np.empty(0)), 0.0, seed=0)
    assert np.isfinite(found).all()
