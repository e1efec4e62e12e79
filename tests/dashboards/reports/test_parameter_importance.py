import pytest

from dashboards.card import NotYet
from dashboards.reports.parameter_importance import NEEDED, importances, judged, report
from tracking.records import Objective, State


def test_the_parameter_that_decides_comes_first(a_sweep, a_trial):
    # The value is the first parameter; the second cycles without regard to it; the third never varies.
    trials = [
        a_trial(number, {1: number / 40}, params={"decides": number / 40, "noise": number % 4, "constant": "relu"})
        for number in range(40)
    ]
    table = report(a_sweep(*trials)).table.set_index("parameter")
    assert table.index[0] == "decides"
    assert table.loc["decides", "importance"] > 0.8
    assert table.loc["constant", "importance"] == 0
    assert table["importance"].sum() == pytest.approx(1)


@pytest.mark.parametrize("mode", ["max", "min"])
def test_less_may_be_better(mode):
    # Only the trials with the low values differ in `choice`: it tells the best from the rest when less is better.
    trials = [({"choice": "rare" if number < 5 else "common"}, float(number)) for number in range(40)]
    both = [({"choice": params["choice"], "other": int(value) % 2}, value) for params, value in trials]
    table = importances(both, Objective("val/loss", mode)).set_index("parameter")
    assert (table.loc["choice", "importance"] > table.loc["other", "importance"]) == (mode == "min")


def test_a_parameter_that_only_some_trials_have_is_judged_among_them(a_sweep, a_trial):
    # Even trials are sgd, whose momentum decides; odd ones are adamw and have none.
    trials = []
    for number in range(40):
        sgd = {"optimizer": "sgd", "optimizer.sgd.momentum": number / 40}
        params = sgd if number % 2 == 0 else {"optimizer": "adamw"}
        trials.append(a_trial(number, {1: number / 40 if number % 2 == 0 else 0.0}, params=params))
    table = report(a_sweep(*trials)).table.set_index("parameter")
    assert table.index[0] == "optimizer.sgd.momentum"
    assert table["trials"].to_dict() == {"optimizer": 40, "optimizer.sgd.momentum": 20}


def test_values_of_any_kind_are_understood():
    mixed = [None, True, "relu", 3]
    trials = [({"mixed": mixed[number % 4], "lr": 10.0 ** -(number % 5), "one": 1}, number) for number in range(20)]
    assert set(importances(trials, Objective())["parameter"]) == {"mixed", "lr", "one"}


def test_trials_stopped_early_count_and_failed_and_running_ones_do_not(a_sweep, a_trial):
    trials = [a_trial(number, {1: 0.5, 2: 0.4}, state, {"x": number}) for number, state in enumerate(State)]
    # states in order: running, paused, complete, pruned, failed
    assert judged(a_sweep(*trials)) == [({"x": 2}, 0.5), ({"x": 3}, 0.5)]


def test_not_yet_with_too_few_trials(a_sweep, a_trial):
    answer = report(a_sweep(*(a_trial(number, {1: number}, params={"x": number}) for number in range(NEEDED - 1))))
    assert isinstance(answer, NotYet)
    assert answer.reason == "it takes 10 finished trials, and there are 9"


def test_not_yet_when_all_trials_are_equal(a_sweep, a_trial):
    answer = report(a_sweep(*(a_trial(number, {1: 0.5}, params={"x": number}) for number in range(NEEDED))))
    assert isinstance(answer, NotYet)
    assert answer.reason == "all 10 finished trials have the same val/accuracy"


@pytest.mark.parametrize("params", [{}, {"x": 1}])
def test_not_yet_when_nothing_was_varied(params, a_sweep, a_trial):
    answer = report(a_sweep(*(a_trial(number, {1: number}, params=params) for number in range(NEEDED))))
    assert isinstance(answer, NotYet)
    assert answer.reason == "no searched parameter tells the best trials from the rest"


def test_few_trials_are_called_a_hint(a_sweep, a_trial):
    def caption(count):
        return report(a_sweep(*(a_trial(n, {1: n}, params={"x": n}) for n in range(count)))).caption

    assert "a hint, no more" in caption(NEEDED)
    assert "a hint" not in caption(50)
