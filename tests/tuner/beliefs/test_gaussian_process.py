import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from tuner.beliefs.gaussian_process import DRIFT, JITTER, GaussianProcess, Kernel, Seen, _Posterior, fit

RNG = np.random.default_rng(0)
NUMBERS = np.array([False, False])
NO_LISTS = np.array([0, 0])


def seen(count=12, times=None, categories=False):
    rng = np.random.default_rng(1)
    rows = rng.random((count, 2))
    if categories:
        rows[:, 1] = rng.integers(0, 3, count)
    values = np.sin(5 * rows[:, 0]) + rows[:, 1]
    when = np.ones(count) if times is None else times
    return Seen(rows, when, np.arange(count) // 2, values - values.mean())


def test_without_times_it_is_scikit_learns_gaussian_process():
    kernel, data = Kernel(NUMBERS, NO_LISTS, timed=False), seen()
    settings = np.log([0.7, 1.3, 0.9, 0.01])
    reference = GaussianProcessRegressor(
        ConstantKernel(1.0) + ConstantKernel(0.9) * Matern([0.7, 1.3], nu=2.5), alpha=0.01 + JITTER, optimizer=None
    ).fit(data.rows, data.values)
    asked = RNG.random((20, 2))
    mean, deviation = GaussianProcess(kernel, settings, data).predict(asked)
    expected, spread = reference.predict(asked, return_std=True)
    np.testing.assert_allclose(mean, expected, atol=1e-8)
    np.testing.assert_allclose(deviation, spread, atol=1e-6)


def test_with_times_its_covariance_is_the_one_in_the_docstring():
    times = np.array([0.0, 0.5, 1.0, 0.0, 0.5, 1.0])
    kernel, data = Kernel(NUMBERS, NO_LISTS, timed=True), seen(6, times)
    settings = np.array([0.1, -0.2, 0.3, -3.0, 0.4, -0.5, -1.0])
    a, noise, share, length, own = np.exp(0.3), np.exp(-3.0), 1 / (1 + np.exp(-0.4)), np.exp(-0.5), np.exp(-1.0)
    covariance = np.empty((6, 6))
    for i in range(6):
        for j in range(6):
            r = np.sqrt((((data.rows[i] - data.rows[j]) / np.exp([0.1, -0.2])) ** 2).sum())
            matern = (1 + np.sqrt(5) * r + 5 / 3 * r * r) * np.exp(-np.sqrt(5) * r)
            fading = share + (1 - share) * np.exp(-((times[i] - times[j]) ** 2) / (2 * length**2))
            common = 1 + DRIFT * (1 - times[i]) * (1 - times[j])
            covariance[i, j] = common + a * matern * fading + own * (i // 2 == j // 2) + (noise + JITTER) * (i == j)
    process = GaussianProcess(kernel, settings, data)
    np.testing.assert_allclose(process._factor @ process._factor.T, covariance, atol=1e-10)
    mean, _ = process.predict(data.rows, data.trials, time=0.5)
    at_half = covariance.copy()
    for i in range(6):
        for j in range(6):
            r = np.sqrt((((data.rows[i] - data.rows[j]) / np.exp([0.1, -0.2])) ** 2).sum())
            matern = (1 + np.sqrt(5) * r + 5 / 3 * r * r) * np.exp(-np.sqrt(5) * r)
            fading = share + (1 - share) * np.exp(-((0.5 - times[j]) ** 2) / (2 * length**2))
            at_half[i, j] = 1 + DRIFT * 0.5 * (1 - times[j]) + a * matern * fading + own * (i // 2 == j // 2)
    np.testing.assert_allclose(mean, at_half @ np.linalg.solve(covariance, data.values), atol=1e-8)


def test_what_two_points_categories_do_on_their_own_is_added_for_each_that_both_have():
    """Three lists of which two points have 2, 1 or none in common; a point without a category shares none there."""
    kernel = Kernel(np.array([True, True, True]), np.array([2, 3, 3]), timed=False)
    rows = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 0.0], [1.0, 1.0, -1.0], [1.0, 2.0, -1.0]])
    settings = np.r_[np.zeros(3), -1.0, -3.0, 0.5]
    apart = (rows[:, None, :] != rows[None, :, :]).sum(axis=2)
    r = np.sqrt(apart)
    matern = (1 + np.sqrt(5) * r + 5 / 3 * r * r) * np.exp(-np.sqrt(5) * r)
    shared = np.array([[3, 2, 1, 0], [2, 3, 1, 0], [1, 1, 2, 1], [0, 0, 1, 2]])
    alike = 1 + np.exp(-1.0) * matern + np.exp(0.5) * shared
    process = GaussianProcess(kernel, settings, Seen(rows, np.ones(4), np.arange(4), np.arange(4.0)))
    covariance = alike + (np.exp(-3.0) + JITTER) * np.eye(4)
    np.testing.assert_allclose(process._factor @ process._factor.T, covariance, atol=1e-10)
    mean, deviation = process.predict(rows)
    np.testing.assert_allclose(mean, alike @ np.linalg.solve(covariance, np.arange(4.0)), atol=1e-8)
    left = np.diag(alike) - np.diag(alike @ np.linalg.solve(covariance, alike))
    np.testing.assert_allclose(deviation, np.sqrt(left + np.exp(-3.0)), atol=1e-6)  # of a value: there are 18 points


def test_where_categories_add_up_the_rest_is_foretold_from_a_third_of_their_combinations():
    """Sums over three lists of four: known from 24 of 64 points, and far less well by what they do together alone."""
    rng = np.random.default_rng(0)
    rows = np.array([[a, b, c] for a in range(4) for b in range(4) for c in range(4)], dtype=float)
    values = rng.normal(size=(3, 4))[np.arange(3), rows.astype(int)].sum(axis=1)
    known = rng.permutation(64) < 24
    data = Seen(rows[known], np.ones(24), np.arange(24), values[known])
    kernel = Kernel(np.array([True, True, True]), np.array([4, 4, 4]), timed=False)
    found = fit(kernel, data)

    def error(settings):
        mean, _ = GaussianProcess(kernel, settings, data).predict(rows[~known])
        return np.sqrt(np.mean((mean - values[~known]) ** 2))

    assert error(found) < 0.1 * values.std()
    assert error(np.r_[found[:-1], -20.0]) > 2 * error(found)


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("categories", [False, True])
def test_the_slope_of_the_posterior_is_that_of_its_differences(timed, categories):
    categorical, places = np.array([False, categories]), np.array([0, 3 if categories else 0])
    times = np.resize([0.0, 0.4, 1.0], 12) if timed else None
    kernel = Kernel(categorical, places, timed)
    problem = _Posterior(kernel, seen(12, times, categories))
    at = kernel.mean + 0.1 * np.random.default_rng(2).normal(size=len(kernel.mean))
    _, slopes = problem(at)
    steps = np.eye(len(at)) * 1e-5
    differences = [(problem(at + step)[0] - problem(at - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(slopes, differences, atol=1e-5)


def test_a_fit_is_more_probable_than_the_prior_and_finds_the_parameter_that_matters():
    rng = np.random.default_rng(0)
    rows = rng.random((40, 2))
    data = Seen(rows, np.ones(40), np.arange(40), np.sin(8 * rows[:, 0]))
    kernel = Kernel(NUMBERS, NO_LISTS, timed=False)
    found = fit(kernel, data)
    problem = _Posterior(kernel, data)
    assert problem(found)[0] < problem(kernel.mean)[0] - 5
    assert found[1] > found[0] + 1  # the length of the parameter without effect is more than e times as long


def test_more_is_known_where_something_was_seen():
    kernel, data = Kernel(NUMBERS, NO_LISTS, timed=False), seen()
    process = GaussianProcess(kernel, kernel.mean, data)
    _, near = process.predict(data.rows)
    _, far = process.predict(data.rows + 5)
    assert near.max() < far.min()


def test_a_trials_own_beginning_tells_more_than_a_strangers():
    kernel = Kernel(NUMBERS, NO_LISTS, timed=True)
    data = Seen(np.array([[0.5, 0.5]]), np.array([0.0]), np.array([7]), np.array([1.0]))
    process = GaussianProcess(kernel, kernel.mean, data)
    own, _ = process.predict(data.rows, np.array([7]))
    stranger, _ = process.predict(data.rows)
    assert own > stranger > 0


@pytest.mark.parametrize("categories", [False, True])
def test_what_is_seen_in_two_parts_and_looked_at_again_is_what_is_seen_at_once(categories):
    times = np.resize([0.0, 0.5, 1.0], 12)
    kernel = Kernel(np.array([False, categories]), np.array([0, 3 if categories else 0]), timed=True)
    settings, data = kernel.mean, seen(12, times, categories)
    later = Seen(data.rows[:4], np.ones(4), np.arange(20, 24), np.array([1.0, -1.0, 0.5, 0.0]))
    at_once, before = GaussianProcess(kernel, settings, data.joined(later)), GaussianProcess(kernel, settings, data)
    after = before.having_seen(later)
    np.testing.assert_allclose(after._factor, at_once._factor, atol=1e-10)
    rows, trials, some = seen(9, categories=categories).rows, np.arange(16, 25), np.array([7, 2, 4])
    mean, deviation = at_once.predict(rows, trials)
    look = before.look(rows, trials)
    for _ in range(2):  # the second time what was worked out for the first is used
        again, spread = after.look_again(look, some)
        np.testing.assert_allclose(again, mean[some], atol=1e-8)
        np.testing.assert_allclose(spread, deviation[some], atol=1e-8)
