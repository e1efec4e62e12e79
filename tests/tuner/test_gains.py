import math
import random

import pytest

from tuner.gains import FEWEST, expected_gain, gain_per_hour


def per_hour(scores: list[float]) -> float | None:
    """With trials of one hour each."""
    return gain_per_hour(scores, [3600.0] * len(scores))


def test_the_estimate_is_the_formulas() -> None:
    # n = 8, k = 2: u is the third largest, 6; s = (8 + 7) / 2 - 6 = 1.5; a quarter of them exceed u
    scores = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert expected_gain(scores, best=8.0) == pytest.approx(0.25 * 1.5 * math.exp(-2 / 1.5))
    assert expected_gain(scores, best=20.0) == pytest.approx(0.25 * 1.5 * math.exp(-14 / 1.5))


def test_of_exponential_scores_it_is_near_the_truth() -> None:
    # of an exponential law of scale 0.1 the next draw exceeds b by 0.1 exp(-b / 0.1) on average
    ratios = []
    for seed in range(200):
        draw = random.Random(seed)
        scores = [draw.expovariate(10) for _ in range(80)]
        ratios.append(math.log(expected_gain(scores, 0.4) / (0.1 * math.exp(-4))))
    assert abs(sum(ratios) / len(ratios)) < 0.35
    assert sorted(ratios)[20] > -1.5
    assert sorted(ratios)[-20] < 1.5


def test_scores_whose_unit_is_another_gain_in_that_unit() -> None:
    draw = random.Random(1)
    scores = [draw.random() for _ in range(40)]
    assert expected_gain([100 * it + 7 for it in scores], 100 * 1.1 + 7) == pytest.approx(
        100 * expected_gain(scores, 1.1)
    )


def test_there_is_no_estimate_before_twenty_trials() -> None:
    assert per_hour([0.5] * (FEWEST - 1)) is None
    assert per_hour([0.5] * FEWEST) == 0.0


def test_a_search_that_keeps_gaining_goes_on() -> None:
    draw = random.Random(2)
    scores = [0.01 * number + 0.01 * draw.random() for number in range(200)]
    for seen in range(FEWEST, 200, 10):
        gain = per_hour(scores[:seen])
        assert gain is not None
        assert gain > 0.001


def test_a_search_on_a_plateau_gains_less_and_less() -> None:
    draw = random.Random(3)
    scores = [1 - math.exp(-number / 10) + 0.001 * draw.random() for number in range(120)]
    gains = [per_hour(scores[:seen]) for seen in (40, 60, 80, 120)]
    assert all(gain is not None for gain in gains)
    assert gains == sorted(gains, key=lambda gain: -(gain or 0.0))
    assert (gains[0] or 0.0) > 0.003
    assert (gains[-1] or 1.0) < 0.001


def test_a_record_far_above_the_latest_trials_is_not_expected_again() -> None:
    latest = [0.5 + 0.001 * (number % 7) for number in range(30)]
    assert (per_hour([0.9, *latest]) or 0.0) < 1e-6


def test_what_the_latest_trials_added_to_the_best_is_expected_again() -> None:
    # twenty at 0.1, then nineteen of 0.1 and one of 0.5: 0.4 in twenty trials; the tail promises less
    scores = [0.1] * 20 + [0.5] + [0.1] * 19
    assert per_hour(scores) == pytest.approx(0.4 / 20)


def test_trials_that_take_longer_gain_less_an_hour() -> None:
    scores = [float(number % 11) for number in range(20)]
    assert gain_per_hour(scores, [7200.0] * 20) == pytest.approx((per_hour(scores) or 0.0) / 2)


def test_too_few_finite_scores_say_nothing_against_going_on() -> None:
    assert per_hour([-math.inf] * 15 + [0.5] * 5) == math.inf
    assert gain_per_hour([float(number) for number in range(20)], [0.0] * 20) == math.inf
