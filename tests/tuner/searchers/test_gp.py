import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from search_spaces.space import Space
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


def test_where_a_branch_has_parameters_of_its_own_it_finds_the_best_of_the_better_branch():
    # a: a hill of height 1 at a0 = 0.8; b: one of height 0.5 at b0 = 0.2
    space = FlatSpace(
        {"kind": Among("a", "b"), "a0": Between(0.0, 1.0), "b0": Between(0.0, 1.0)},
        {"a0": [("kind", ("a",))], "b0": [("kind", ("b",))]},
    )
    study = optuna.create_study(direction="maximize")
    for number in range(24):
        study.sampler = Gp().for_trial(space, study, 0, number)
        trial = study.ask()
        point = space.suggest(trial)["config"]
        study.tell(trial, 1 - (point["a0"] - 0.8) ** 2 if point["kind"] == "a" else 0.5 - (point["b0"] - 0.2) ** 2)
    late = [trial.params for trial in study.trials[12:]]
    assert sum(point["kind"] == "a" for point in late) >= 10
    assert abs(study.best_params["a0"] - 0.8) < 0.01
