import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from search_spaces.choice import Choice
from search_spaces.dimensions import Between, Fixed
from search_spaces.problems import Problems
from search_spaces.space import Branch, Space
from tuner.searchers.gp import Gp
from tuner.searchers.random import RandomSearch

XY = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


def told(x, y, state=TrialState.COMPLETE, curve=None):
    value = -((x - 0.8) ** 2) - (y - 0.3) ** 2 if state is TrialState.COMPLETE else None
    return create_trial(
        state=state, value=value, params={"x": x, "y": y}, distributions=XY, intermediate_values=curve or {}
    )


def grid(side=4):
    return [told(i / (side - 1), j / (side - 1)) for i in range(side) for j in range(side)]


def point(trials, searcher=None, seed=0):
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    study.sampler = (searcher or Gp()).build(Space({}), study, seed)
    return study.ask(XY).params


def test_it_finds_the_top_of_a_smooth_hill_from_few_trials():
    found = point(grid())
    assert abs(found["x"] - 0.8) < 0.1 and abs(found["y"] - 0.3) < 0.1


def test_draws_are_random_until_enough_trials_were_trained_to_the_end():
    few = grid()[:9] + [told(i / 20, 0.5, TrialState.PRUNED, {1: 0.5}) for i in range(20)]
    assert point(few) == point(few, RandomSearch())
    assert point(grid()[:10]) != point(grid()[:10], RandomSearch())


def test_where_trials_fail_it_does_not_try_again():
    # the hill's top lies where everything fails: every x above 0.7
    good = [trial for trial in grid(5) if trial.params["x"] < 0.7]
    failed = [told(x, y, TrialState.FAIL) for x in (0.75, 0.85, 0.95) for y in (0.1, 0.3, 0.5, 0.9)]
    assert point(good)["x"] > 0.7
    assert point(good + failed)["x"] < 0.75


class Left(Choice):
    @classmethod
    def key(cls):
        return "left"


class Right(Choice):
    @classmethod
    def key(cls):
        return "right"


def space_of(left, right):
    return Space({"optimizer": (Branch("optimizer", Left, left), Branch("optimizer", Right, right))})


def test_a_space_with_branches_is_refused_with_the_reason_and_the_remedy():
    with pytest.raises(Problems) as refused:
        Gp().check(space_of({}, {"lr": Between(0.1, 1.0)}))
    assert str(refused.value) == (
        "searcher: gp needs every parameter in every point, but those of optimizer depend on which of left, right "
        "is drawn: keep one of them, or use tpe"
    )


def test_branches_without_parameters_are_only_a_list_of_options():
    Gp().check(space_of({}, {"lr": Fixed(0.1)}))
