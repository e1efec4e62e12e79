import time
from pathlib import Path

import pandas as pd

from tracking.leaderboard import COLUMNS, entries, leaderboard
from tracking.records import CheckpointRef, Objective, State, SweepRecord, TrialRecord


def a_sweep(*trials, mode="max"):
    return SweepRecord("digits", Path("digits"), Objective("val/accuracy", mode), {}, trials)


def a_trial(number, curve, state=State.COMPLETE, params=None, **facts):
    choices = {"architecture": {"name": "mlp", "width": 8}}
    return TrialRecord(number, state, params or {}, choices, curve, **facts)


def test_the_best_so_far_ranks_not_the_last_report():
    first, second = entries(a_sweep(a_trial(0, {1: 0.5, 2: 0.6}), a_trial(1, {1: 0.7, 2: 0.1})))
    assert (first.rank, first.trial, first.value, first.step, first.epochs) == (1, 1, 0.7, 1, 2)
    assert (second.rank, second.trial, second.value, second.step) == (2, 0, 0.6, 2)


def test_less_is_better_under_a_minimised_objective():
    rows = entries(a_sweep(a_trial(0, {1: 0.5}), a_trial(1, {1: 0.2}), a_trial(2, {1: 0.9}), mode="min"))
    assert [row.trial for row in rows] == [1, 0, 2]


def test_trials_rank_whatever_their_state_unless_they_failed():
    states = [State.RUNNING, State.PAUSED, State.PRUNED, State.COMPLETE]
    rows = entries(a_sweep(*(a_trial(number, {1: number / 10}, state) for number, state in enumerate(states))))
    assert [(row.rank, row.state) for row in rows] == list(enumerate(reversed(states), start=1))


def test_equal_values_share_a_rank_and_the_lower_number_comes_first():
    rows = entries(a_sweep(*(a_trial(number, {1: value}) for number, value in enumerate([0.1, 0.9, 0.9, 0.9, 0.2]))))
    assert [(row.rank, row.trial) for row in rows] == [(1, 1), (1, 2), (1, 3), (4, 4), (5, 0)]


def test_a_failed_trial_has_no_rank_and_comes_last_with_its_cause():
    failed = a_trial(0, {1: 0.99, 2: float("nan")}, State.FAIL, cause="loss became NaN at epoch 2")
    rows = entries(a_sweep(failed, a_trial(1, {1: 0.1}), a_trial(2, {}, State.RUNNING)))
    assert [(row.rank, row.trial) for row in rows] == [(1, 1), (None, 2), (None, 0)]
    assert (rows[-1].value, rows[-1].cause) == (0.99, "loss became NaN at epoch 2")


def test_a_trial_without_a_finite_report_has_no_rank():
    rows = entries(a_sweep(a_trial(0, {1: float("nan"), 2: float("inf")}), a_trial(1, {1: 0.1})))
    assert [(row.rank, row.trial, row.value) for row in rows] == [(1, 1, 0.1), (None, 0, None)]


def test_the_frame_has_the_columns_then_every_searched_parameter():
    wide = a_trial(0, {1: 0.5}, params={"architecture.mlp.width": 64, "architecture": "mlp"}, seconds=3.5)
    slow = a_trial(1, {1: 0.4}, params={"optimizer.sgd.lr": 0.1, "architecture": "mlp"})
    frame = leaderboard(a_sweep(wide, slow))
    assert list(frame) == [*COLUMNS, "architecture.mlp.width", "optimizer.sgd.lr"]
    assert frame["rank"].dtype == "Int64"
    assert frame["architecture.mlp.width"].tolist() == [64, pd.NA]
    assert frame.loc[0, "seconds"] == 3.5


def test_what_is_missing_is_na():
    frame = leaderboard(a_sweep(a_trial(0, {}, State.RUNNING)))
    missing = ["rank", "value", "step", "optimizer", "seconds", "cause", "checkpoint"]
    assert all(frame.loc[0, name] is pd.NA for name in missing)
    assert frame.loc[0, "epochs"] == 0


def test_the_checkpoint_is_its_path_while_it_is_there(tmp_path):
    path = tmp_path / "epoch-0001.ab.ckpt"
    path.touch()
    sweep = a_sweep(a_trial(0, {1: 0.5}, checkpoint=CheckpointRef(str(path), 1, "ab")))
    assert leaderboard(sweep).loc[0, "checkpoint"] == str(path)
    path.unlink()  # of the trials of a long sweep, only the best keep theirs
    assert leaderboard(sweep)["checkpoint"].isna().all()


def test_an_empty_sweep_has_an_empty_leaderboard_of_the_same_columns():
    frame = leaderboard(a_sweep())
    assert (len(frame), list(frame)) == (0, list(COLUMNS))
    assert frame["rank"].dtype == "Int64"


def test_ten_thousand_trials_take_less_than_two_seconds_of_the_processor():
    params = {f"architecture.mlp.p{place}": 0.5 for place in range(10)}
    curve = {step: step / 20 for step in range(1, 21)}
    sweep = a_sweep(*(a_trial(number, curve, params=params) for number in range(10_000)))
    start = time.process_time()
    leaderboard(sweep)
    assert time.process_time() - start < 2


def test_ties_are_marked():
    frame = leaderboard(a_sweep(*(a_trial(number, {1: value}) for number, value in enumerate([0.9, 0.9, 0.2]))))
    assert frame["tied"].tolist() == [True, True, False]


def test_the_size_of_a_network_is_what_was_noted_at_the_trials_end():
    ended = a_trial(0, {1: 0.5}, attributes={"size": {"parameters": 1234.0, "size_mb": 0.005}})
    frame = leaderboard(a_sweep(ended, a_trial(1, {1: 0.4}, State.RUNNING)))
    assert frame["parameters"].tolist() == [1234, pd.NA]
    assert frame["size_mb"].tolist() == [0.005, pd.NA]
