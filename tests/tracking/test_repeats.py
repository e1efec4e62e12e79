from pathlib import Path

import pytest

from tracking.leaderboard import COLUMNS, REPEATED, leaderboard
from tracking.records import Objective, State, SweepRecord, TrialRecord
from tracking.repeats import configurations, standing_for


def a_sweep(values: list[float | None], repeats: int = 3, mode: str = "max") -> SweepRecord:
    """A trial a value, in the order of their numbers; None for one that failed."""
    trials = [
        TrialRecord(
            number,
            State.FAIL if value is None else State.COMPLETE,
            {"width": number // repeats},
            {"architecture": {"name": "mlp"}},
            {} if value is None else {1: value},
        )
        for number, value in enumerate(values)
    ]
    return SweepRecord("digits", Path("digits"), Objective("val/x", mode), {"repeats": repeats}, trials)  # type: ignore[arg-type]


def test_points_rank_by_their_means() -> None:
    # Means 0.6, 0.7 and 0.5, though the best single value is the first point's.
    found = configurations(a_sweep([0.9, 0.5, 0.4, 0.7, 0.7, 0.7, 0.5, 0.5, 0.5]))
    assert [it.place for it in found] == [1, 0, 2]
    assert [it.mean.mean for it in found] == pytest.approx([0.7, 0.6, 0.5])
    assert [it.place for it in configurations(a_sweep([0.9, 0.5, 0.4, 0.7, 0.7, 0.7], mode="min"))] == [0, 1]


def test_the_typical_trial_has_the_median() -> None:
    assert configurations(a_sweep([0.9, 0.5, 0.6]))[0].typical().number == 2
    # Of 0.6 and 0.8 the one nearer the mean 0.625; of two that are equally near the earlier.
    assert configurations(a_sweep([0.1, 0.6, 0.8, 1.0], repeats=4))[0].typical().number == 1
    assert configurations(a_sweep([0.25, 0.5], repeats=2))[0].typical().number == 0
    assert configurations(a_sweep([0.5, 0.25], repeats=2))[0].typical().number == 0


def test_a_failed_repeat_is_counted_and_left_out() -> None:
    (found,) = configurations(a_sweep([0.9, None, 0.7]))
    assert (found.failed, sorted(found.values)) == (1, [0, 2])
    assert found.mean.mean == pytest.approx(0.8)


def test_a_point_that_failed_with_every_seed_is_left_out() -> None:
    assert [it.place for it in configurations(a_sweep([None, None, None, 0.1, 0.2, 0.3]))] == [1]
    assert configurations(a_sweep([None] * 3)) == []
    assert standing_for(a_sweep([None] * 3)) is None


def test_what_stands_for_a_sweep_is_its_best_trial_or_its_best_points_typical_one() -> None:
    values: list[float | None] = [0.9, 0.5, 0.4, 0.71, 0.7, 0.72]
    once, thrice = standing_for(a_sweep(values, repeats=1)), standing_for(a_sweep(values))
    assert once is not None
    assert thrice is not None
    assert (once.number, thrice.number) == (0, 3)


def test_the_leaderboard_shows_mean_and_spread_of_repeated_points() -> None:
    board = leaderboard(a_sweep([0.9, 0.5, None])).set_index("trial")
    assert list(board.reset_index())[: len(COLUMNS) + 3] == [*_trial_in_place(), *REPEATED]
    assert board.loc[0, ["seeds", "mean"]].tolist() == pytest.approx([2, 0.7])
    assert board.loc[0, "spread"] == pytest.approx(0.2828427)  # 0.4 / sqrt(2)
    assert board.loc[[2], "mean"].isna().all()
    assert not set(REPEATED) & set(leaderboard(a_sweep([0.9], repeats=1)))


def _trial_in_place() -> list[str]:
    return ["trial", *(name for name in COLUMNS if name != "trial")]
