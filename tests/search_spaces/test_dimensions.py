import math
from typing import Any

import optuna
import pytest

from search_spaces.dimensions import Among, Between, DimensionError, Fixed, read


def drawn(dimension: Between | Among | Fixed, count: int = 200) -> list[Any]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [dimension.suggest(study.ask(), "x") for _ in range(count)]


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"low": 2, "high": 1}, "low must be below high, got low=2, high=1"),
        ({"low": 1, "high": 1}, "low must be below high"),
        ({"low": 0, "high": 1, "log": True}, "must start above zero, got low=0"),
        ({"low": -1.0, "high": 1, "log": True}, "must start above zero, got low=-1.0"),
        ({"low": 1, "high": 9, "log": True, "step": 2}, "a step or a log scale, not both"),
        ({"low": 1, "high": 3, "step": 0}, "above zero and fit"),
        ({"low": 1, "high": 3, "step": -1}, "above zero and fit"),
        ({"low": 1, "high": 3, "step": 4}, "above zero and fit"),
        ({"low": math.nan, "high": 1.0}, "must be finite"),
        ({"low": 0.0, "high": math.inf}, "must be finite"),
    ],
)
def test_a_range_that_cannot_be_searched_says_the_rule_and_the_values(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(DimensionError, match=rule):
        Between(**settings)


def test_both_ends_are_in_so_the_steps_must_reach_the_high_end() -> None:
    # 1, 5, 9: the end 10 would never be drawn (Optuna itself moves it to 9, with a warning)
    with pytest.raises(DimensionError, match="the nearest below is 9"):
        Between(1, 10, step=4)
    assert Between(1, 9, step=4).grid() == [1, 5, 9]


def test_a_step_that_is_no_binary_fraction_reaches_the_high_end() -> None:
    assert Between(0.1, 0.5, step=0.1).size == 5


@pytest.mark.parametrize(
    ("dimension", "size"),
    [
        (Between(1, 10), 10),
        (Between(1, 9, step=2), 5),
        (Between(1, 1000, log=True), 1000),
        (Between(0.0, 1.0), math.inf),
        (Between(0.0, 1.0, step=0.25), 5),
        (Among("a", "b"), 2),
        (Fixed(3), 1),
    ],
)
def test_size_counts_the_values(dimension: Between | Among | Fixed, size: float) -> None:
    assert dimension.size == size


def test_a_range_is_of_integers_if_its_ends_and_its_step_are() -> None:
    assert Between(1, 3).integer
    assert not Between(1, 3.0).integer
    assert not Between(1, 3, step=0.5).integer
    assert not Between(1, 3).as_float().integer


def test_a_range_for_integers_takes_whole_floats_and_refuses_others() -> None:
    assert Between(10.0, 100.0, log=True).as_int() == Between(10, 100, log=True)
    assert Between(10.0, 100.0).as_int().integer
    with pytest.raises(DimensionError, match=r"low must be one, got low=0\.5"):
        Between(0.5, 3).as_int()
    with pytest.raises(DimensionError, match=r"step must be one, got step=0\.5"):
        Between(1, 3, step=0.5).as_int()


def test_contains_takes_both_ends_and_no_flags() -> None:
    it = Between(1, 3)
    assert [it.contains(value) for value in (1, 3, 2.5, 0, 4, True, "2", None)] == [True] * 3 + [False] * 5
    assert Among("a", "b").contains("a")
    assert not Among("a", "b").contains("c")
    assert Fixed(3).contains(3)
    assert not Fixed(3).contains(4)


def test_draws_of_integers_are_integers_and_meet_both_ends() -> None:
    values = drawn(Between(1, 4))
    assert set(values) == {1, 2, 3, 4}
    assert {type(value) for value in values} == {int}


def test_draws_of_a_stepped_range_lie_on_its_steps() -> None:
    assert set(drawn(Between(8, 32, step=8))) == {8, 16, 24, 32}


def test_draws_on_a_log_scale_are_even_over_decades() -> None:
    values = drawn(Between(1e-4, 1.0, log=True), 400)
    # half of the decades lie below 1e-2; on a linear scale 1 % of the draws would
    assert 160 < sum(value < 1e-2 for value in values) < 240


def test_draws_of_options_and_of_a_fixed_value() -> None:
    assert set(drawn(Among("a", None, 3))) == {"a", None, 3}
    assert set(drawn(Fixed(1))) == {1}


@pytest.mark.parametrize(
    ("dimension", "points", "expected"),
    [
        (Between(1, 3), 5, [1, 2, 3]),
        (Between(0.0, 1.0), 5, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (Between(0.0, 1.0, step=0.5), 5, [0.0, 0.5, 1.0]),
        (Between(0, 100), 3, [0, 50, 100]),
        (Between(0, 100, step=10), 4, [0, 30, 70, 100]),  # 33.3 and 66.7 go to the nearest step
        (Between(1, 10_000, log=True), 5, [1, 10, 100, 1000, 10_000]),
        (Between(1, 2, log=True), 2, [1, 2]),
        (Among("a", "b", "c"), 2, ["a", "b", "c"]),
        (Fixed("a"), 5, ["a"]),
    ],
)
def test_grid(dimension: Between | Among | Fixed, points: int, expected: list[Any]) -> None:
    assert dimension.grid(points) == pytest.approx(expected) if _numbers(expected) else dimension.grid() == expected


def _numbers(values: list[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def test_a_grid_of_a_short_log_range_of_integers_names_nothing_twice() -> None:
    # 1, 1.57, 2.45, 3.83, 6 round to 1, 2, 2, 4, 6
    assert Between(1, 6, log=True).grid(5) == [1, 2, 4, 6]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"low": 1, "high": 3}, Between(1, 3)),
        ({"low": 0.1, "high": 1, "log": True}, Between(0.1, 1, log=True)),
        ({"low": 2, "high": 6, "step": 2}, Between(2, 6, step=2)),
        (["a", "b"], Among("a", "b")),
        ([3], Among(3)),
        (0.5, Fixed(0.5)),
        ("relu", Fixed("relu")),
        (None, Fixed(None)),
        (False, Fixed(False)),
    ],
)
def test_read_as_a_spec_writes_it(raw: Any, expected: Between | Among | Fixed) -> None:
    assert read(raw) == expected


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({"low": 1, "high": 3, "lgo": True}, "keys low, high, log, step, got 'lgo'"),
        ({"low": 1}, "high is missing"),
        ({"high": 1, "log": True}, "low is missing"),
        ({"low": "1", "high": 3}, "low must be a number, got '1'"),
        ({"low": True, "high": 3}, "low must be a number, got True"),
        ({"low": 1, "high": 3, "step": None}, "step must be a number, got None"),
        ({"low": 1, "high": 3, "log": "yes"}, "log must be true or false, got 'yes'"),
        ([], "at least one"),
        (["a", "b", "a"], "'a' twice"),
        ([[1, 2], [3]], r"numbers, texts, true, false or null, got \[1, 2\]"),
        ([{"low": 1, "high": 2}], "numbers, texts, true, false or null"),
    ],
)
def test_read_refuses_what_is_no_dimension(raw: Any, rule: str) -> None:
    with pytest.raises(DimensionError, match=rule):
        read(raw)


def test_how_a_dimension_is_shown() -> None:
    assert str(Between(1, 3)) == "1 .. 3"
    assert str(Between(0.1, 1, log=True)) == "0.1 .. 1 (log)"
    assert str(Between(2, 6, step=2)) == "2 .. 6 (step 2)"
    assert str(Among("a", None)) == "a | None"
    assert str(Fixed(2)) == "2"
