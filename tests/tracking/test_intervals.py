"""Expected figures are worked out by hand, or come from the sources that are named."""

import math
import random
import statistics

import pytest

from tracking.intervals import elsewhere, mean_of, paired, share_spread, welch

STUDENT_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
STUDENT_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
"""Hours of sleep gained with two drugs by ten patients: Student, The probable error of a mean, Biometrika 6 (1908)."""


def test_a_means_interval_is_students() -> None:
    # 1, 2, 3: mean 2, deviation 1; t(2, 97.5 %) = 4.3027, so 2 -+ 4.3027 / sqrt(3)
    found = mean_of([1.0, 2.0, 3.0])
    assert (found.count, found.mean, found.spread) == (3, 2.0, 1.0)
    assert (found.low, found.high) == pytest.approx((2 - 2.48414, 2 + 2.48414), abs=1e-4)


def test_a_single_value_says_nothing_of_its_spread() -> None:
    found = mean_of([0.9])
    assert math.isnan(found.spread)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_students_sleep_in_pairs() -> None:
    # R, t.test(extra ~ group, sleep, paired = TRUE): -1.58, 95 % interval -2.4598858 -0.7001142
    found = paired(dict(enumerate(STUDENT_1)), dict(enumerate(STUDENT_2)))
    assert found.difference == pytest.approx(-1.58)
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-6)
    assert found.clear


def test_students_sleep_without_pairs() -> None:
    # R, t.test(extra ~ group, sleep): Welch, df 17.776, 95 % interval -3.3654832 0.2054832
    found = welch(STUDENT_1, STUDENT_2)
    assert (found.low, found.high) == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)
    assert not found.clear


def test_values_without_a_partner_are_left_out_and_too_few_pairs_are_no_pairs() -> None:
    found = paired({0: 0.9, 1: 0.8, 7: 0.1}, {0: 0.7, 1: 0.6, 8: 0.9})
    assert found.difference == pytest.approx(0.2)
    assert found.test == "paired t-test, 2 seeds"
    assert paired({0: 0.9, 1: 0.8}, {1: 0.6, 2: 0.5}).test == "Welch's t-test, 2 and 2 seeds"


def test_equal_values_everywhere_differ_for_certain_or_not_at_all() -> None:
    assert welch([0.9, 0.9], [0.8, 0.8]).clear
    assert not welch([0.9, 0.9], [0.9, 0.9]).clear


def test_one_value_against_many_is_never_clear() -> None:
    assert not welch([0.99], [0.1, 0.1, 0.1]).clear


def test_elsewhere_covers_what_other_seeds_reach_on_other_samples() -> None:
    # Trainings whose true accuracy is 0.9 with a deviation of 0.01 between seeds; parts of 300 samples. The interval
    # is for a share's ordinary distribution, so of 2,000 draws about 95 % are covered (3 deviations: 1.5 %).
    draw = random.Random(0)

    def share(part: float, seed: float) -> float:
        return sum(draw.random() < 0.9 + part + seed for _ in range(300)) / 300

    covered = 0
    for _ in range(400):
        seeds = [draw.gauss(0, 0.01) for _ in range(5)]
        luck = sum(draw.random() < 0.9 for _ in range(300)) / 300 - 0.9  # the validation part's, common to all seeds
        values = [0.9 + luck + seed for seed in seeds]
        low, high = elsewhere(values, share_spread(values, 300), (300, 300), (0.0, 1.0))
        covered += low <= share(0.0, draw.gauss(0, 0.01)) <= high
    assert 0.92 <= covered / 400 <= 1.0


def test_elsewhere_of_a_mean_is_the_prediction_interval_worked_out_by_hand() -> None:
    # 1, 2, 3: mean 2, deviation 1, t(2) = 4.3027; samples with deviation 6, 9 judged and 4 others:
    # 4.3027 * sqrt(1 * (1 + 1/3) + 36 * (1/9 + 1/4)) = 4.3027 * sqrt(4/3 + 13)
    low, high = elsewhere([1.0, 2.0, 3.0], 6.0, (9, 4))
    assert (low, high) == pytest.approx((2 - 16.2896, 2 + 16.2896), abs=1e-3)
    assert elsewhere([1.0, 2.0, 3.0], 6.0, (9, 4), (0.0, math.inf))[0] == 0.0


def test_elsewhere_covers_the_mean_error_of_other_samples() -> None:
    # Squared errors of a standard normal (mean 1, deviation sqrt(2), skewed), parts of 200, seeds that differ by 0.02.
    draw = random.Random(1)

    def mse() -> float:
        return statistics.fmean(draw.gauss(0, 1) ** 2 for _ in range(200))

    covered = 0
    for _ in range(400):
        part = mse()
        low, high = elsewhere([part + draw.gauss(0, 0.02) for _ in range(5)], math.sqrt(2), (200, 200))
        covered += low <= mse() + draw.gauss(0, 0.02) <= high
    assert 0.92 <= covered / 400 <= 1.0


def test_a_shares_spread_is_that_of_zeros_and_ones_and_never_none() -> None:
    assert share_spread([0.8, 1.0], 100) == pytest.approx(0.3)  # sqrt(0.9 * 0.1)
    assert share_spread([1.0, 1.0], 100) == pytest.approx(math.sqrt(0.995 * 0.005))


def test_elsewhere_is_wider_than_the_means_interval_and_stays_a_share() -> None:
    values = [0.99, 0.985, 1.0, 0.995, 0.99]
    low, high = elsewhere(values, share_spread(values, 100), (100, 100), (0.0, 1.0))
    assert low < mean_of(values).low
    assert high == 1.0
    assert statistics.fmean(values) > low
