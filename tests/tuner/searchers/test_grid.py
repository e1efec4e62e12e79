import math

import optuna
import pytest
from pydantic import ConfigDict

from search_spaces.choice import Choice
from search_spaces.dimensions import Among, Between, Fixed
from search_spaces.space import Branch, Space
from tuner.searchers.grid import GridSearch, _stride


class Choosable(Choice):
    model_config = ConfigDict(extra="allow")


class Left(Choosable):
    @classmethod
    def key(cls):
        return "left"


class Right(Choosable):
    @classmethod
    def key(cls):
        return "right"


LEFT = {"lr": Between(0.01, 1.0, log=True), "nesterov": Among(False, True), "decay": Between(0.0, 0.1, step=0.05)}
RIGHT = {"lr": Among(0.01, 0.1), "decay": Fixed(0.0)}
NET = {"width": Between(32, 512, log=True), "depth": Among(1, 2), "skip": Among(None, "add")}
SPACE = Space(
    {
        "architecture": (Branch("architecture", Left, NET),),
        "optimizer": (Branch("optimizer", Left, LEFT), Branch("optimizer", Right, RIGHT)),
        "training": (Branch("training", Left, {"batch_size": Among(32, 64)}),),
    }
)


def frozen(point):
    return tuple(sorted(point.items()))


@pytest.mark.parametrize("points", [2, 3])
def test_every_point_of_the_spaces_grid_comes_once(points):
    space, searcher = SPACE, GridSearch(points=points)
    expected = {frozen(point) for point in space.grid(points)}
    asked = [frozen(searcher.point(space, number)) for number in range(searcher.trials(space))]
    assert len(asked) == len(expected)
    assert set(asked) == expected


def test_the_size_is_the_product_of_the_slots():
    # 3 widths x 2 depths x 2 skips; left: 3 rates x 2 x 3 decays, or right: 2 rates; 2 batch sizes
    assert GridSearch(points=3).trials(SPACE) == (3 * 2 * 2) * (3 * 2 * 3 + 2) * 2


def test_optuna_gets_exactly_the_values_and_only_those_of_the_chosen_branch():
    space, searcher = SPACE, GridSearch(points=3)
    study = optuna.create_study()
    for number in range(40):
        study.sampler = searcher.build(space, study, seed=number)
        trial = study.ask()
        space.suggest(trial)
        expected = searcher.point(space, number)
        assert trial.params == expected
        assert {name: type(value) for name, value in trial.params.items()} == {
            name: type(value) for name, value in expected.items()
        }
        assert study.trials[number].params == expected  # and the study has kept them


def test_a_point_follows_from_the_number_alone():
    space, searcher = SPACE, GridSearch()
    study = optuna.create_study()
    for _ in range(3):
        study.tell(study.ask(), 0.0)
    study.sampler = searcher.build(space, study, seed=9)
    trial = study.ask()
    space.suggest(trial)
    assert trial.params == searcher.point(space, 3)


def test_a_sweep_that_ends_early_has_seen_all_of_the_grid_thinly():
    space, searcher = SPACE, GridSearch(points=3)
    seen = [searcher.point(space, number) for number in range(searcher.trials(space) // 10)]
    for name, dimension in space.parameters().items():
        assert {point[name] for point in seen if name in point} == set(dimension.grid(3))


def test_after_the_last_point_the_grid_begins_again():
    space, searcher = SPACE, GridSearch(points=2)
    assert searcher.point(space, searcher.trials(space)) == searcher.point(space, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 30, 97, 360, 10**12])
def test_the_stride_has_no_common_divisor_with_the_size(size):
    assert math.gcd(_stride(size), size) == 1


def test_a_huge_grid_is_never_written_out():
    many = {f"field{i}": Between(0.0, 1.0) for i in range(20)}
    space, searcher = Space({"architecture": (Branch("architecture", Left, many),)}), GridSearch(points=10)
    assert searcher.trials(space) == 10**20
    assert len(searcher.point(space, 10**9)) == 20
