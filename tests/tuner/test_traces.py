import pytest

from tracking.goals import Objective
from tuner.traces import Improvement, Trace, regret_at

REF = {"best": 0.9, "q50": 0.5}


def trace_of(*reports: tuple[float, float, float], mode: str = "max") -> Trace:
    trace = Trace()
    for report in reports:
        trace.add(*report, Objective("value", mode))  # type: ignore[arg-type]
    return trace


def test_only_reports_that_beat_all_before_them_are_kept_and_every_share_is_spent() -> None:
    nan = float("nan")
    trace = trace_of((0.5, 1.0, nan), (0.5, 2.0, 0.4), (1.0, 3.0, 0.4), (1.0, 3.0, 0.3), (0.25, 4.0, 0.6))
    assert trace.improvements == [Improvement(1.0, 2.0, 0.4), Improvement(3.25, 4.0, 0.6)]
    assert (trace.trainings, trace.seconds, trace.best) == (3.25, 4.0, 0.6)


def test_regret_is_the_share_of_the_way_from_the_best_to_a_median_configuration() -> None:
    # (0.9 - 0.5) / 0.4 = 1; (0.9 - 0.8) / 0.4 = 0.25; 0.95 is better than the best known: 0; (0.9 - 0.1) / 0.4 = 2
    trace = trace_of((1, 1, 0.1), (1, 1, 0.5), (1, 1, 0.8), (1, 1, 0.95))
    assert regret_at(trace, REF, True, [0.5, 1, 2, 2.9, 3, 4, 100]) == pytest.approx([1, 2, 1, 1, 0.25, 0, 0])


def test_where_less_is_better_regret_is_the_same_upside_down() -> None:
    trace = trace_of((1, 1, 0.5), (1, 2, 0.2), mode="min")
    assert regret_at(trace, {"best": 0.1, "q50": 0.5}, False, [1, 2]) == pytest.approx([1, 0.25])


def test_regret_can_be_told_by_the_clock() -> None:
    trace = trace_of((1, 10.0, 0.5), (1, 30.0, 0.9))
    assert regret_at(trace, REF, True, [5, 10, 29, 30], "seconds") == pytest.approx([1, 1, 1, 0])


def test_shares_that_do_not_add_up_exactly_still_reach_their_mark() -> None:
    trace = trace_of(*[(0.1, 1.0, 0.0)] * 2, (0.1, 1.0, 0.9))
    assert trace.trainings > 0.3  # 0.1 + 0.1 + 0.1 in binary
    assert regret_at(trace, REF, True, [0.3]) == [0.0]
