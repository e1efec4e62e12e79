"""Values as shares of their range: against what Optuna itself draws and by hand."""

import math

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from tuner.searchers._share import share_of, value_at

ALL = [
    FloatDistribution(-1.0, 3.0),
    FloatDistribution(1e-4, 1e2, log=True),
    FloatDistribution(0.0, 1.0, step=0.25),
    IntDistribution(3, 9),
    IntDistribution(3, 9, step=2),
    IntDistribution(1, 100, log=True),
    CategoricalDistribution(("a", None, 3)),
]


@pytest.mark.parametrize("distribution", ALL, ids=str)
def test_a_value_comes_back_from_its_share(distribution):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(50):
        value = study.ask({"x": distribution}).params["x"]
        back = value_at(share_of(value, distribution), distribution)
        assert back == value if not isinstance(value, float) else back == pytest.approx(value)
        assert type(back) is type(value)


@pytest.mark.parametrize("distribution", ALL, ids=str)
def test_both_ends_lie_within_the_range(distribution):
    for share in (0.0, 1.0 - 1e-16, 1.0):
        value = value_at(share, distribution)
        assert distribution._contains(distribution.to_internal_repr(value))


def test_several_values_have_equal_parts():
    def counts(distribution):
        drawn = [value_at((i + 0.5) / 700, distribution) for i in range(700)]
        return [drawn.count(value) for value in dict.fromkeys(drawn)]

    assert counts(IntDistribution(3, 9)) == [100] * 7
    assert counts(FloatDistribution(0.0, 1.5, step=0.25)) == [100] * 7
    assert counts(CategoricalDistribution("abcdefg")) == [100] * 7


def test_a_log_range_is_even_in_its_logarithm():
    assert value_at(0.5, FloatDistribution(1e-4, 1e2, log=True)) == pytest.approx(0.1)
    # the k-th of 1 .. 100 has the part from log(k - 1/2) to log(k + 1/2)
    share = (math.log(10.49) - math.log(0.5)) / (math.log(100.5) - math.log(0.5))
    assert value_at(share, IntDistribution(1, 100, log=True)) == 10


def test_a_range_with_one_value_has_it_in_the_middle():
    assert share_of(2.0, FloatDistribution(2.0, 2.0)) == 0.5
