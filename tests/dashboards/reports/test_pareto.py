from dataclasses import replace

import pytest

from dashboards.card import NotYet
from dashboards.reports.pareto import front_of, ranked, report, wide
from tracking.goals import Constraint, Objective
from tracking.records import Standing, State

SIZE = Objective("parameters", "min")


@pytest.fixture
def several(a_sweep, a_trial):
    """Make a sweep of (accuracy, parameters, latency) a trial, which must be at least 1 and at most 5 ms fast."""

    def make(*points, state=State.COMPLETE, further=(SIZE,)):
        trials = [
            replace(
                a_trial(number, {1: accuracy}, state),
                standing=Standing(1, {"val/accuracy": accuracy, "parameters": size, "latency_ms": latency}),
            )
            for number, (accuracy, size, latency) in enumerate(points)
        ]
        return replace(a_sweep(*trials), further=further, constraints=(Constraint("latency_ms", max=5.0),))

    return make


def test_the_front_is_drawn_as_a_line_over_the_others(several):
    card = report(several((0.9, 100, 1), (0.8, 20, 1), (0.7, 50, 1), (0.99, 10, 9)))
    beaten, front = card.figure.data
    assert (list(beaten.x), list(beaten.y)) == ([50], [0.7])
    assert (list(front.x), list(front.y)) == ([20, 100], [0.8, 0.9])
    assert (front.mode, front.line.shape) == ("lines+markers", "hv")
    assert card.table["trial"].tolist() == [0, 1]


def test_the_caption_tells_the_fronts_ends(several):
    card = report(several((0.9, 100, 1), (0.8, 20, 1), (0.7, 50, 1)))
    assert card.caption == (
        "2 trials of 3 are beaten by no other in all objectives at once: "
        "val/accuracy from 0.8 to 0.9, parameters from 20 to 100."
    )


def test_three_objectives_are_drawn_by_the_first_two(several):
    sweep = several((0.9, 100, 4), (0.8, 200, 1), further=(SIZE, Objective("latency_ms", "min")))
    card = report(sweep)
    assert card.figure.data[1].mode == "markers"
    assert "drawn by the first two" in card.caption
    assert list(front_of(ranked(sweep))) == ["trial", "val/accuracy", "parameters", "latency_ms", "architecture"]


def test_not_yet_with_one_objective_or_without_a_ranked_trial(several, a_sweep, a_trial):
    answer = report(a_sweep(a_trial(0, {1: 0.5})))
    assert isinstance(answer, NotYet)
    assert answer.reason == "val/accuracy is the sweep's only objective"
    assert isinstance(report(several()), NotYet)
    assert isinstance(report(several((0.5, 10, 9))), NotYet)


def test_an_axis_is_logarithmic_where_values_lie_far_apart(several, series):
    assert wide(series([10, 1000]))
    assert not wide(series([10, 100]))
    assert not wide(series([0, 1000]))
    assert report(several((0.9, 1e6, 1), (0.8, 20, 1))).figure.layout.xaxis.type == "log"
