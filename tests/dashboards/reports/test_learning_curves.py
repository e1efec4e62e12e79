import pytest

from dashboards.card import NotYet
from dashboards.reports.learning_curves import DRAWN, by_epoch, curves, report, window
from tracking.records import State

NAN = float("nan")


def test_every_finite_report_is_a_point_the_leader_first(a_sweep, a_trial):
    sweep = a_sweep(a_trial(0, {1: 0.1, 2: NAN, 3: 0.2}, State.PRUNED), a_trial(1, {1: 0.5}))
    assert list(curves(sweep).itertuples(index=False, name=None)) == [
        (1, "COMPLETE", 1, 0.5, True),
        (0, "PRUNED", 1, 0.1, False),
        (0, "PRUNED", 3, 0.2, False),
    ]


def test_of_equal_leaders_one_is_the_best(a_sweep, a_trial):
    points = curves(a_sweep(a_trial(0, {1: 0.5}), a_trial(1, {1: 0.5})))
    assert points["best"].tolist() == [True, False]


def test_a_failed_trial_is_drawn_and_never_the_best(a_sweep, a_trial):
    card = report(a_sweep(a_trial(0, {1: 0.9}, State.FAIL)))
    assert [trace.name for trace in card.figure.data] == ["failed"]


def test_lines_of_one_state_are_parted_by_gaps_and_the_best_is_on_top(a_sweep, a_trial):
    sweep = a_sweep(a_trial(0, {1: 0.9}), a_trial(1, {1: 0.2, 2: 0.3}), a_trial(2, {1: 0.1}))
    others, best = report(sweep).figure.data
    assert (others.name, others.x, others.y) == ("complete", (1, 2, None, 1, None), (0.2, 0.3, None, 0.1, None))
    assert (best.name, best.x) == ("best: trial 0", (1, None))


def test_the_table_has_a_row_a_trial_and_a_column_an_epoch(a_sweep, a_trial):
    table = by_epoch(curves(a_sweep(a_trial(0, {1: 0.1, 2: 0.2}), a_trial(1, {1: 0.5}))))
    assert list(table) == ["trial", "epoch 1", "epoch 2"]
    assert table["trial"].tolist() == [1, 0]
    assert table["epoch 1"].tolist() == [0.5, 0.1]


def test_a_very_large_sweep_shows_its_best_trials_and_says_so(a_sweep, a_trial):
    sweep = a_sweep(*(a_trial(number, {1: number / 1000}) for number in range(DRAWN + 5)))
    card = report(sweep)
    assert card.table["trial"].tolist() == list(range(DRAWN + 4, 4, -1))
    assert card.caption.startswith("The first 200 trials of the leaderboard, of 205 that reported")


def test_the_caption_tells_how_many_were_stopped(a_sweep, a_trial):
    caption = report(a_sweep(a_trial(0, {1: 0.5, 2: 0.6}), a_trial(1, {1: 0.1}, State.PRUNED))).caption
    assert caption == "2 trials; the longest trained 2 epochs; 1 stopped early by the scheduler (faint)."


def test_a_value_gone_wild_does_not_flatten_the_others(series):
    values = series([0.1] * 50 + [0.5] * 50 + [1e6])
    low, high = window(values, "min")
    # the 95th percentile is 0.5, so at most 0.5 + 1.5 * (0.5 - 0.1) = 1.1 is shown, and 5% of 1.0 more
    assert (low, high) == pytest.approx((0.05, 1.15))
    assert window(-values, "max") == pytest.approx([-1.15, -0.05])


def test_a_flat_curve_has_a_range_around_it(series):
    assert window(series([0.5, 0.5]), "max") == pytest.approx([0.475, 0.525])
    assert window(series([0.0]), "min") == [-1.0, 1.0]


def test_not_yet_without_a_finite_report(a_sweep, a_trial):
    assert isinstance(report(a_sweep(a_trial(0, {1: NAN}, State.RUNNING))), NotYet)
