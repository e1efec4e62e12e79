import pytest

from dashboards.card import NotYet
from dashboards.reports.best_against_cost import costs, improvements, report, window
from tracking import spool
from tracking.records import State

NAN = float("nan")


def test_epochs_add_up_over_trials_in_the_order_of_the_reports(a_sweep, a_trial):
    # Trial 1 reports between the two epochs of trial 0, and skips its epoch 1: that report cost two epochs.
    sweep = a_sweep(a_trial(0, {1: 0.1, 2: 0.3}, order=[0, 2]), a_trial(1, {2: 0.2}, order=[1]))
    rows = list(costs(sweep).itertuples(index=False, name=None))
    assert rows == [(0, 1, 1, 0.1), (1, 2, 3, 0.2), (0, 2, 4, 0.3)]


def test_only_reports_that_beat_all_before_them_are_improvements(a_sweep, a_trial):
    sweep = a_sweep(a_trial(0, {1: NAN, 2: 0.2, 3: 0.2, 4: float("inf")}), a_trial(1, {1: 0.1, 2: 0.4, 3: 0.3}))
    assert improvements(costs(sweep), more_is_better=True)[["epochs", "value"]].to_numpy().tolist() == [
        [2, 0.2],
        [6, 0.4],
    ]
    assert improvements(costs(sweep), more_is_better=False)["value"].tolist() == [0.2, 0.1]


def test_a_failed_trial_costs_epochs_and_finds_nothing(a_sweep, a_trial):
    card = report(a_sweep(a_trial(0, {1: 0.9, 2: NAN}, State.FAIL), a_trial(1, {1: 0.5})))
    assert card.table[["trial", "epochs", "value"]].to_numpy().tolist() == [[1, 3, 0.5]]


def test_the_caption_tells_when_the_best_was_found(a_sweep, a_trial):
    # The best came with the second epoch of four: 50%; 0.1 -> 0.5 is one improvement.
    card = report(a_sweep(a_trial(0, {1: 0.1, 2: 0.5}), a_trial(1, {1: 0.1, 2: 0.4})))
    assert card.caption == (
        "The best value came after 2 of the 4 epochs trained so far (50%), from trial 0; the best improved 1 time."
    )
    assert card.figure.data[0].x == (1, 2, 4)
    assert card.figure.data[0].y == (0.1, 0.5, 0.5)


def test_reports_that_the_ledger_did_not_keep_do_not_count(a_sweep, a_trial):
    trial = a_trial(0, {1: 0.1, 2: 0.5})
    kept = a_sweep(type(trial)(0, State.RUNNING, {}, {}, {1: 0.1}, folder=trial.folder))
    assert costs(kept)["step"].tolist() == [1]


def test_not_yet_where_a_spool_is_missing(a_sweep, a_trial):
    trial = a_trial(3, {1: 0.1})
    (trial.folder / spool.FILE).unlink()
    answer = report(a_sweep(trial))
    assert isinstance(answer, NotYet)
    assert answer.reason == "the order of the reports is not known: metrics.jsonl is missing for trials 3"


def test_not_yet_without_a_finite_value(a_sweep, a_trial):
    assert isinstance(report(a_sweep()), NotYet)
    assert isinstance(report(a_sweep(a_trial(0, {1: NAN}, State.RUNNING))), NotYet)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5], [0.475, 0.525]),  # 5% either way
        ([0.0], [-1.0, 1.0]),
        ([0.0, 0.5, 1.0], [0.0, 1.12]),  # all of it: four times 1.0 - median is more than the whole rise
        ([0.0, 0.75, 0.9, 0.95, 1.0], [0.6, 1.048]),  # 1.0 - 4 * (1.0 - 0.9), and 12% of 0.4 above
        ([1.0, 0.25, 0.1, 0.05, 0.0], [-0.048, 0.4]),  # the same, upside down
    ],
)
def test_the_value_axis_shows_the_later_improvements(values, expected, series):
    assert window(series(values)) == pytest.approx(expected)
