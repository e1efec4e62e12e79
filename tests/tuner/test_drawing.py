"""What a sweep's new trials try: given points first, nothing twice, the same after every interruption."""

from typing import Any

import optuna
import pytest

from search_spaces import plugins
from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from search_spaces.space import Point, Space
from tracking.ledger import Ledger
from tracking.records import Report
from tuner.conductor import Conductor
from tuner.drawing import Drawing, exactly
from tuner.spec import SweepSpec

NAMES = plugins.names("tuner.searchers")
SMALL = {
    "dataset": "digits",
    "architecture": {
        "mlp": {"width": [32, 64, 128], "depth": 2, "activation": "relu", "dropout": 0.1, "norm": "none"}
        | {"skip": False, "init": "default"},
        "linear": {},
    },
    "optimizer": {"sgd": {"lr": [0.1, 1.0], "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}},
    "training": {"batch_size": 64},
    "loss": {"cross_entropy": {"label_smoothing": 0.0}},
}
"""(3 widths, or linear) x 2 rates: 8 points."""
FEW = FlatSpace({"a": Between(1, 4), "b": Among("x", "y")})
FINE = FlatSpace({"a": Between(0.0, 1.0), "b": Between(0.0, 1.0), "c": Among("x", "y")})


class FlatSpec(SweepSpec):
    """A spec over a space without slots."""

    given_space: Any = FINE

    @property
    def space(self) -> Space:  # type: ignore[override]
        found: Space = self.given_space
        return found


def spec(**raw: Any) -> SweepSpec:
    base = {"scheduler": "none", "budget": {"trials": 50}, "searcher": "random"}
    return SweepSpec.read({**SMALL, **base, **raw})


def flat(space: Space, searcher: Any = "random", **raw: Any) -> SweepSpec:
    budget = {"trials": raw.pop("trials", 30)}
    return FlatSpec(dataset="", architecture="", searcher=searcher, budget=budget, given_space=space, **raw)


@pytest.fixture
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize")


def tried(found: SweepSpec, study: optuna.Study, upto: int, *, afresh: bool = False) -> list[Point]:
    """Draw and tell trials up to that number; the value is the parameter `a`, or 0."""
    drawing = Drawing(found, study)
    for number in range(len(study.trials), upto):
        point = (Drawing(found, study) if afresh else drawing).point(number)
        if point is None:
            break
        study.sampler = exactly(point)
        trial = study.ask()
        found.space.suggest(trial)
        study.tell(trial, float(point.get("a", 0.0)))
    return [trial.params for trial in study.trials]


def distinct(points: list[Point]) -> int:
    return len({tuple(sorted(point.items())) for point in points})


@pytest.mark.parametrize("name", NAMES)
def test_a_small_space_is_tried_point_by_point_and_none_twice(name: str, study: optuna.Study) -> None:
    found = flat(FEW, name)
    points = tried(found, study, 8)
    assert distinct(points) == 8 == found.space.size
    assert Drawing(found, study).point(8) is None


def test_a_sweep_has_no_more_trials_than_its_space_has_points() -> None:
    assert spec().space.size == 8
    assert spec().trials == 8
    assert spec(budget={"trials": 5}).trials == 5


def test_what_was_not_drawn_makes_no_difference(study: optuna.Study) -> None:
    # linear has 2 points, whatever the width would be
    points = tried(spec(), study, 8)
    assert distinct(points) == 8
    assert sum(point["architecture"] == "linear" for point in points) == 2


def test_a_repeated_proposal_gives_way_to_a_neighbour(study: optuna.Study) -> None:
    class Stubborn(FlatSpec):
        """Its searcher proposes one point, whatever it is asked."""

        @property
        def searcher_choice(self) -> Any:  # type: ignore[override]
            same = {"a": 0.5, "b": 0.5, "c": "x"}
            kind = plugins.find("tuner.searchers", "random")
            made = kind()
            object.__setattr__(made, "for_trial", lambda *asked: exactly(same))
            return made

    found = Stubborn(dataset="", architecture="", given_space=FINE)
    points = tried(found, study, 6)
    assert points[0] == {"a": 0.5, "b": 0.5, "c": "x"}
    assert distinct(points) == 6
    changed = [sum(point[name] != points[0][name] for name in point) for point in points[1:]]
    assert changed == [1] * 5


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_made_afresh_goes_on_with_the_same_points(name: str, study: optuna.Study) -> None:
    found = flat(FEW, name, seed=3, points=[{"a": 2}])
    again = optuna.create_study(direction="maximize")
    assert tried(found, study, 8) == tried(found, again, 8, afresh=True)


@pytest.mark.parametrize("name", NAMES)
def test_given_points_come_first_and_the_searcher_draws_what_they_leave_out(name: str, study: optuna.Study) -> None:
    found = flat(FINE, name, points=[{"a": 0.25, "b": 0.75, "c": "y"}, {"c": "x"}, {"a": 0.5}])
    points = tried(found, study, 20)
    assert points[0] == {"a": 0.25, "b": 0.75, "c": "y"}
    assert points[1]["c"] == "x" and points[1].keys() == {"a", "b", "c"}
    assert points[2]["a"] == 0.5
    assert distinct(points) == 20


@pytest.mark.parametrize("name", NAMES)
def test_a_part_of_a_conditional_space_is_completed(name: str, study: optuna.Study) -> None:
    found = spec(searcher="random", points=[{"architecture": "linear"}, {"architecture.mlp.width": 128}])
    found = found.model_copy(update={"searcher": name})
    first, second = tried(found, study, 2)
    assert first.keys() == {"architecture", "optimizer.sgd.lr"} and first["architecture"] == "linear"
    assert second["architecture.mlp.width"] == 128 and second["architecture"] == "mlp"


def test_given_points_do_not_use_up_the_points_of_a_grid(study: optuna.Study) -> None:
    grid = {"grid": {"points": 3}}
    found = flat(FINE, grid, points=[{"a": 0.3, "b": 0.3, "c": "x"}, {"a": 0.5, "b": 0.5, "c": "x"}])
    assert found.trials == 3 * 3 * 2 + 2
    points = tried(found, study, found.trials)
    assert len(points) == distinct(points) == 3 * 3 * 2 + 1  # the second is one of the grid's own
    alone = optuna.create_study()
    assert tried(flat(FINE, grid), alone, 2) == points[2:4]


def test_a_partial_point_that_was_tried_whole_gives_way(study: optuna.Study) -> None:
    # with a=1 there are two points: the third trial cannot keep what it was given
    two = FlatSpace({"a": Between(1, 4), "b": Among("x", "y")})
    points = tried(flat(two, points=[{"a": 1}, {"a": 1}, {"a": 1}]), study, 3)
    assert distinct(points) == 3
    assert [point["a"] for point in points[:2]] == [1, 1] and points[2]["a"] != 1


@pytest.mark.parametrize(("trials", "reason"), [(20, "every point was tried: there are 8"), (8, ""), (3, "")])
def test_a_sweep_whose_space_is_used_up_ends_and_says_so(trials: int, reason: str) -> None:
    found = spec(budget={"trials": trials, "epochs": 1})
    ledger = Ledger.in_memory("small", found.describe(), found.objective.resolved())
    conductor = Conductor(found, ledger, found.scheduler_choice.build(ledger.objective, 1, found.trials))
    while (job := conductor.next_job()) is not None:
        conductor.report(job.number, Report(1, {"val/accuracy": 0.5}, 1.0))
        conductor.finished(job.number)
    assert len(ledger.trials()) == min(trials, 8)
    assert conductor.limits.reason == reason
    assert not conductor.limits.stopping  # those at work train on


def test_drawing_a_new_point_writes_nothing_into_the_study(study: optuna.Study) -> None:
    for name in NAMES:
        Drawing(flat(FINE, name), study).point(0)
    assert study.trials == [] and study.user_attrs == {}
