import math
from dataclasses import asdict
from pathlib import Path

import pytest

from tracking.goals import Constraint, Goals, Objective
from tracking.leaderboard import COLUMNS, entries, front, leaderboard
from tracking.records import Standing, State, SweepRecord, TrialRecord

ACCURACY, SIZE = Objective("val/accuracy"), Objective("parameters", "min")
FAST = Constraint("latency_ms", max=5.0)
GOALS = Goals((ACCURACY, SIZE), (FAST,))


def values(accuracy, parameters=10.0, latency=1.0):
    return {"val/accuracy": accuracy, "parameters": parameters, "latency_ms": latency}


@pytest.mark.parametrize(
    ("constraint", "value", "excess"),
    [
        (Constraint("x", max=4.0), 5.0, 0.25),
        (Constraint("x", max=4.0), 3.0, -0.25),
        (Constraint("x", max=-4.0), -3.0, 0.25),
        (Constraint("x", min=0.5), 0.4, 0.2),
        (Constraint("x", max=0.0), 2.0, 2.0),
        (Constraint("x", min=1.0, max=2.0), 3.0, 0.5),
        (Constraint("x", min=1.0, max=2.0), 0.0, 1.0),
        (Constraint("x", max=4.0), math.nan, 1.0),
        (Constraint("x", min=4.0), math.inf, 1.0),
    ],
)
def test_how_far_a_value_is_beyond_its_limit(constraint, value, excess):
    assert constraint.excess(value) == pytest.approx(excess)


def test_a_limit_itself_is_kept():
    assert GOALS.broken(values(0.5, latency=5.0)) == []


def test_a_broken_constraint_is_told_with_its_figures():
    assert GOALS.broken(values(0.5, latency=7.25)) == ["latency_ms 7.25, at most 5"]
    assert Goals((ACCURACY,), (Constraint("val/recall", min=0.9),)).broken({"val/recall": 0.8}) == [
        "val/recall 0.8, at least 0.9"
    ]
    assert [str(it) for it in (FAST, Constraint("a", min=1.0), Constraint("a", 1.0, 2.0))] == [
        "latency_ms <= 5",
        "1 <= a",
        "1 <= a <= 2",
    ]


def test_what_is_not_known_breaks_nothing():
    assert GOALS.broken({"parameters": 3.0}) == []


def test_a_report_that_breaks_nothing_stands_before_a_better_one_that_does():
    assert GOALS.better(values(0.5), than=None)
    assert GOALS.better(values(0.5), than=values(0.9, latency=9.0))
    assert not GOALS.better(values(0.9, latency=9.0), than=values(0.5))
    assert GOALS.better(values(0.9, latency=9.0), than=values(0.8, latency=8.0))
    assert not GOALS.better(values(0.5), than=values(0.5))  # the earlier of equals stands
    assert not GOALS.better(values(0.6, parameters=math.nan), than=None)


def test_goals_come_back_from_what_a_ledger_keeps():
    assert Goals.of({"objective": asdict(ACCURACY), **GOALS.attributes}) == GOALS
    single = Goals((ACCURACY,))
    assert single.attributes == {}
    assert single.single
    assert Goals.of({"objective": {"metric": "val/accuracy", "mode": "max"}}) == single


def test_every_target_must_be_reached():
    goals = Goals((Objective("a", "max", 0.9), Objective("b", "min", 5.0), Objective("c")))
    assert goals.reached_by({"a": 0.9, "b": 5.0, "c": 0.0})
    assert not goals.reached_by({"a": 0.95, "b": 5.1, "c": 0.0})
    assert not GOALS.reached_by(values(1.0))


# --- the leaderboard ---


def a_trial(number, accuracy, parameters, latency=1.0, state=State.COMPLETE, step=1):
    standing = Standing(step, values(accuracy, parameters, latency))
    curve = {step: accuracy} if step else {}
    return TrialRecord(number, state, {"lr": 0.1}, {"architecture": {"name": "mlp"}}, curve, standing=standing)


def a_sweep(*trials, further=(SIZE,), constraints=()):
    return SweepRecord("toy", Path("toy"), ACCURACY, {}, trials, further=further, constraints=constraints)


def test_the_first_front_ranks_first_then_the_leading_objective():
    # 0 and 2 beat each other in one; 1 is beaten by 0, and 3 by both
    sweep = a_sweep(a_trial(0, 0.9, 100), a_trial(1, 0.85, 200), a_trial(2, 0.8, 10), a_trial(3, 0.7, 150))
    rows = [(row.trial, row.rank, row.front) for row in entries(sweep)]
    assert rows == [(0, 1, 1), (2, 2, 1), (1, 3, 2), (3, 4, 2)]
    board = leaderboard(sweep)
    assert list(board) == [*COLUMNS, "pareto", "lr"]
    assert board["parameters"].tolist() == [100, 10, 200, 150]
    assert front(sweep)["trial"].tolist() == [0, 2]
    assert sweep.best().number == 0


def test_of_equal_leading_values_the_next_objective_decides_who_is_best():
    sweep = a_sweep(a_trial(0, 0.9, 100), a_trial(1, 0.9, 50), a_trial(2, 0.9, 50))
    assert sweep.best().number == 1
    assert front(sweep)["trial"].tolist() == [1, 2]


def test_a_trial_that_breaks_a_constraint_is_not_ranked_and_says_why():
    sweep = a_sweep(
        a_trial(0, 0.99, 10, latency=6.0),
        a_trial(1, 0.5, 10),
        a_trial(2, 0.4, 10, state=State.FAIL),
        a_trial(3, math.nan, 10, latency=8.0, state=State.PRUNED, step=0),
        further=(),
        constraints=(FAST,),
    )
    assert [(row.trial, row.rank) for row in entries(sweep)] == [(1, 1), (0, None), (3, None), (2, None)]
    board = leaderboard(sweep)
    assert list(board) == [*COLUMNS, "latency_ms", "broken", "lr"]
    assert board["broken"].tolist()[1:3] == ["latency_ms 6, at most 5", "latency_ms 8, at most 5"]
    assert board["broken"].isna().tolist() == [True, False, False, True]
    assert board["value"].tolist()[:2] == [0.5, 0.99]
    assert sweep.best().number == 1
    assert front(sweep)["trial"].tolist() == [1]


def test_no_trial_is_best_while_all_break_a_constraint():
    assert a_sweep(a_trial(0, 0.99, 10, latency=6.0), constraints=(FAST,)).best() is None
