"""Waiting at a rung pays only where the way ahead is long."""

from __future__ import annotations

from tuner.beliefs.pace import Pace

LEVELS = [1, 3, 9, 27]


def trained(pace: Pace, number: int, seconds: dict[int, float]) -> None:
    for epoch, after in seconds.items():
        pace.note(number, epoch, after)


def test_until_three_have_come_to_the_second_rung_all_go_on() -> None:
    pace = Pace(LEVELS)
    assert not pace.is_unknown(1)  # nothing tells the time here
    unknown = []
    for number in range(4):
        pace.note(number, 1, 10.0 + number)
        unknown.append(pace.is_unknown(1))
        pace.note(number, 3, 30.0 + number)
    assert unknown == [True, True, True, False]


def test_past_the_first_rung_what_the_first_to_come_took_decides() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 10.0, 3: 30.0})
    assert pace.is_unknown(1)
    assert not pace.is_unknown(3)
    assert not pace.is_cheap(3)


def test_where_all_epochs_take_equally_long_no_way_is_cheap() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 2.0, 3: 6.0, 9: 18.0, 27: 54.0})
    assert [pace.is_cheap(level) for level in (1, 3, 9)] == [False, False, False]


def test_where_the_first_rung_costs_most_of_a_training_every_way_is_cheap() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 20.0, 3: 21.0, 9: 22.0, 27: 23.0})
    assert [pace.is_cheap(level) for level in (1, 3, 9)] == [True, True, True]


def test_a_way_that_nobody_has_gone_is_taken_to_be_like_the_one_before() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 20.0, 3: 21.0})
    assert pace.is_cheap(3)
    trained(pace, 0, {9: 60.0})
    assert [pace.is_cheap(level) for level in (1, 3, 9)] == [False, False, False]


def test_what_counts_is_the_whole_way_to_the_end() -> None:
    """From the first rung it is 1.2 x 1.2 x 1.2 - 1 = 0.73 of the time so far, from the second 0.44."""
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 10.0, 3: 12.0, 9: 14.4, 27: 17.28})
    assert [pace.is_cheap(level) for level in (1, 3, 9)] == [False, True, True]


def test_one_slow_start_among_many_trials_decides_nothing() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 30.0, 3: 32.0})
    for number in (1, 2):
        trained(pace, number, {1: 1.0, 3: 3.0})
    assert not pace.is_cheap(1)


def test_seconds_that_are_no_number_are_passed_over() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: float("nan"), 3: 1.0})
    assert not pace.is_cheap(1)


def test_a_whole_training_costs_what_was_seen_and_then_what_others_took_for_the_rest() -> None:
    """From the second rung on others took three and twice as long; nobody says more of a trial than it does itself."""
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 2.0, 3: 4.0, 9: 12.0, 27: 24.0})
    trained(pace, 1, {1: 1.0})
    trained(pace, 2, {1: 5.0, 3: 10.0})
    assert pace.whole() == {0: 24.0, 1: 12.0, 2: 60.0}


def test_a_way_that_nobody_has_gone_is_taken_to_cost_as_many_times_as_it_has_epochs() -> None:
    pace = Pace(LEVELS)
    trained(pace, 0, {1: 2.0, 3: 5.0})
    assert pace.whole() == {0: 45.0}
