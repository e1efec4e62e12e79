from pathlib import Path

import pytest

from tuner import recorded
from tuner.errors import SpecError, UsageError
from tuner.simulation import simulate


@pytest.mark.parametrize("searcher", ["random", "tpe", {"grid": {"points": 3}}, "bayesian"])
@pytest.mark.parametrize("scheduler", ["none", "asha", {"hyperband": {"reduction_factor": 2}}])
def test_the_same_arguments_give_the_same_trace(recordings: Path, searcher: object, scheduler: object) -> None:
    task = recorded.load(recordings, "hills")
    traces = [
        simulate(task, searcher, scheduler, seed=3, workers=4, trainings=6)  # type: ignore[arg-type]
        for _ in range(2)
    ]
    assert traces[0].improvements == traces[1].improvements
    assert traces[0].seconds == traces[1].seconds
    assert traces[0].trainings == pytest.approx(6, abs=1 / 9) and traces[0].best is not None


def test_another_seed_or_task_draws_other_points(recordings: Path) -> None:
    plain, hills = (recorded.load(recordings, name) for name in ("plain", "hills"))
    first = simulate(plain, seed=0, trials=5).improvements
    assert simulate(plain, seed=1, trials=5).improvements != first
    assert simulate(hills, seed=0, trials=5).improvements != first


def test_the_first_budget_that_is_spent_ends_it(recordings: Path) -> None:
    task = recorded.load(recordings, "plain")
    assert simulate(task, trials=4).trials == 4
    assert simulate(task, trials=4, trainings=2).trainings == pytest.approx(2)
    assert simulate(task, trainings=2, seconds=7.0).seconds <= 7.0


def test_more_workers_spend_the_same_in_less_time(recordings: Path) -> None:
    task = recorded.load(recordings, "plain")
    alone, together = (simulate(task, workers=workers, trials=24) for workers in (1, 8))
    assert together.trainings == pytest.approx(alone.trainings) == pytest.approx(24)
    assert together.best == alone.best
    # random paces: none of the eight idles before the last trials, which take 36 seconds at most
    assert alone.seconds / 8 <= together.seconds <= alone.seconds / 8 + 36


def test_without_an_end_it_does_not_begin(recordings: Path) -> None:
    with pytest.raises(UsageError, match="give trainings, seconds or trials"):
        simulate(recorded.load(recordings, "plain"))


@pytest.mark.parametrize(
    ("task", "searcher", "scheduler", "message"),
    [
        ("plain", "randm", "none", "plain: searcher: 'randm' is not one of the searchers; did you mean 'random'"),
        ("plain", "random", {"asha": {"factor": 3}}, "plain: scheduler.asha.factor: is not a key"),
        ("hills", "random", "bohb", "hills: searcher: bohb is hyperband with a model of its own, got random"),
        ("plain", "random", "pbt", "plain: scheduler: pbt changes settings in mid-training, which no recorded curve"),
    ],
)
def test_what_does_not_go_with_the_task_is_refused(
    recordings: Path, task: str, searcher: object, scheduler: object, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        simulate(recorded.load(recordings, task), searcher, scheduler, trials=3)  # type: ignore[arg-type]
