import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from quality.play import Game, Work


class Listed:
    """Hands out a list of work, and keeps what it is told. `stop_at`: the level at which a key is stopped."""

    def __init__(self, works: Sequence[Work], stop_at: dict[Any, int] | None = None) -> None:
        self.works, self.stop_at = list(works), stop_at or {}
        self.reports: list[tuple[Any, int]] = []
        self.ends: list[tuple[Any, int, float]] = []

    def ask(self) -> Work | None:
        return self.works.pop(0) if self.works else None

    def report(self, work: Work, level: int, loss: float) -> bool:
        self.reports.append((work.key, level))
        return level < self.stop_at.get(work.key, 99)

    def end(self, work: Work, level: int, loss: float) -> None:
        self.ends.append((work.key, level, loss))


Line = Callable[..., Any]


def test_an_improvement_is_kept_with_the_trainings_spent_by_then(line: Line):
    method = Listed([Work("a", {"x": 0.4}, 4), Work("b", {"x": 0.8}, 4)])
    played = Game(line(), method, workers=1, horizon=10).run()
    # Losses of a: .9 .8 .7 .6; of b: .8 .6 .4 .2, of which those below .6 are news.
    assert played.steps == [
        pytest.approx(it) for it in [(0.25, 0.9), (0.5, 0.8), (0.75, 0.7), (1.0, 0.6), (1.75, 0.4), (2.0, 0.2)]
    ]
    assert played.trials == 2


def test_going_on_from_a_pause_costs_the_difference(line: Line):
    method = Listed([Work("a", {"x": 0.4}, 1), Work("b", {"x": 0.2}, 1), Work("a", {"x": 0.4}, 4)])
    played = Game(line(), method, workers=1, horizon=10).run()
    assert played.steps[-1] == pytest.approx((1.25, 0.6))  # 1/4 for a, 1/4 for b, 3/4 more for a
    assert [report for report in method.reports if report[0] == "a"] == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    assert played.trials == 2


def test_stopped_work_ends_at_once_and_its_worker_is_free(line: Line):
    method = Listed([Work("a", {"x": 0.4}, 4), Work("b", {"x": 0.2}, 4)], stop_at={"a": 2})
    Game(line(), method, workers=1, horizon=10).run()
    assert method.ends[0] == ("a", 2, pytest.approx(0.8))
    assert method.ends[1][:2] == ("b", 4)


def test_a_value_that_is_no_number_ends_the_trial_is_paid_for_and_not_reported(line: Line):
    method = Listed([Work("a", {"x": 0.95}, 4), Work("b", {"x": 0.4}, 4)])
    played = Game(line(), method, workers=1, horizon=10).run()
    assert method.reports[0] == ("a", 1)
    assert ("a", 2) not in method.reports
    key, level, loss = method.ends[0]
    assert (key, level) == ("a", 2)
    assert math.isnan(loss)
    assert played.steps[0] == pytest.approx((0.25, 1 - 0.95 / 4))
    assert played.steps[-1] == pytest.approx((1.5, 0.6))


def test_the_horizon_cuts_a_run_short(line: Line):
    method = Listed([Work(number, {"x": 0.1 * number}, 4) for number in range(8)])
    played = Game(line(), method, workers=1, horizon=2).run()
    assert len(method.reports) == 8
    assert played.steps[-1][0] <= 2


def test_workers_train_side_by_side_in_the_order_of_simulated_time(line: Line):
    task = line()
    method = Listed([Work("slow", {"x": 0.8}, 2), Work("fast", {"x": 0.0}, 4)])
    played = Game(task, method, workers=2, horizon=100).run()
    # Seconds: fast 1 2 3 4, slow 1.8 3.6.
    assert method.reports == [("fast", 1), ("slow", 1), ("fast", 2), ("fast", 3), ("slow", 2), ("fast", 4)]
    unit = 2 / task.typical  # what two workers do in a second, in average full trainings
    assert played.steps == [pytest.approx(it) for it in [(1 * unit, 1.0), (1.8 * unit, 0.8), (3.6 * unit, 0.6)]]


def test_a_method_that_has_to_wait_gets_its_turn_when_others_report(line: Line):
    class Waits(Listed):
        def ask(self) -> Work | None:
            return None if self.ends == [] and len(self.works) == 1 else super().ask()

    method = Waits([Work("a", {"x": 0.5}, 1), Work("b", {"x": 0.5}, 1)])
    Game(line(), method, workers=2, horizon=100).run()
    assert [key for key, _, _ in method.ends] == ["a", "b"]


def test_asking_for_what_is_trained_already_costs_nothing(line: Line):
    method = Listed([Work("a", {"x": 0.4}, 2), Work("a", {"x": 0.4}, 2), Work("b", {"x": 0.8}, 1)])
    played = Game(line(), method, workers=1, horizon=10).run()
    assert method.ends[1] == ("a", 2, pytest.approx(0.8))
    assert len(method.reports) == 3
    assert played.steps[-1] == pytest.approx((0.5, 0.8)) or played.steps[-1][0] == pytest.approx(0.5)


def test_a_method_that_goes_in_circles_is_stopped(line: Line):
    class Circles(Listed):
        def ask(self) -> Work:
            return Work("a", {"x": 0.4}, 1)

    with pytest.raises(RuntimeError, match="cost nothing"):
        Game(line(), Circles([]), workers=1, horizon=10).run()
