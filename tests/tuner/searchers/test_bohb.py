import math

import optuna
import pytest
from optuna.trial import TrialState

from search_spaces.space import Space
from tuner.searchers.bohb import Bohb, highest
from tuner.searchers.random import RandomSearch

RANGE = {"low": 0.0, "high": 1.0}
SPACE = Space.read({"optimizer": {"sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": RANGE}}})
NAME = "optimizer.sgd.weight_decay"


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def study_of(*curves, xs=None):
    """Trials with these curves, {epoch: value}, stopped after the last epoch of each."""
    study = optuna.create_study(direction="maximize")
    for number, curve in enumerate(curves):
        x = xs[number] if xs else (number + 0.5) / len(curves)
        study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.PRUNED,
                values=[curve[max(curve)]],
                params={NAME: x},
                distributions={NAME: optuna.distributions.FloatDistribution(0.0, 1.0)},
                intermediate_values=curve,
            )
        )
    return study


def draw(study, seed=0, **options):
    study.sampler = Bohb(**options).build(SPACE, study, seed)
    trial = study.ask()
    SPACE.suggest(trial)
    study.tell(trial, state=TrialState.FAIL)
    return trial.params[NAME]


def random_draw(study, seed):
    study.sampler = RandomSearch().build(SPACE, study, seed)
    trial = study.ask()
    SPACE.suggest(trial)
    return trial.params[NAME]


def test_the_highest_epoch_is_the_last_that_enough_trials_have_come_to():
    # nine come to epoch 1, three to 3, one to 9
    curves = [{1: 0.1}] * 6 + [{1: 0.2, 2: 0.3, 3: 0.3}] * 2 + [dict.fromkeys(range(1, 10), 0.4)]
    study = study_of(*curves)
    assert [highest(study, needed) for needed in (1, 2, 3, 4, 9, 10)] == [9, 3, 3, 1, 1, None]


def test_a_value_that_is_no_number_does_not_count():
    study = study_of({1: 0.5, 2: math.nan}, {1: 0.5, 2: 0.5})
    assert highest(study, 2) == 1


def test_draws_are_random_until_three_more_than_parameters_have_come_to_an_epoch():
    few, enough = study_of(*[{1: 0.5}] * 3), study_of(*[{1: 0.5}] * 4)
    seeds = range(12)
    assert [draw(few, seed) == random_draw(few, seed) for seed in seeds] == [True] * 12
    assert not all(draw(enough, seed) == random_draw(enough, seed) for seed in seeds)


def test_a_third_of_the_draws_stays_random():
    study = study_of(*[{1: number / 20} for number in range(20)])
    same = [draw(study, seed) == random_draw(study, seed) for seed in range(150)]
    assert 30 <= sum(same) <= 70  # 50 expected, with a standard deviation of 6
    assert not any(draw(study, seed, random_fraction=0.0) == random_draw(study, seed) for seed in range(20))


def test_trials_are_compared_at_the_highest_rung_alone():
    # at epoch 1 small rates lead; of the twelve that came to epoch 3 those near 0.8 do
    xs = [number / 40 for number in range(40)]
    curves = [{1: 1 - x} if number % 3 else {1: 1 - x, 2: 0.5, 3: 1 - abs(x - 0.8)} for number, x in enumerate(xs)]
    study = study_of(*curves, xs=xs)
    found = [draw(study, seed, random_fraction=0.0) for seed in range(30)]
    assert sum(abs(x - 0.8) < 0.25 for x in found) >= 20


def test_those_that_went_on_are_compared_by_what_they_had_at_the_rung():
    # all came to epoch 1, where rates near 0.2 led; later values of those that went on would say otherwise
    xs = [number / 20 for number in range(20)]
    curves = [{1: 1 - abs(x - 0.2)} | ({9: x} if number % 7 == 0 else {}) for number, x in enumerate(xs)]
    study = study_of(*curves, xs=xs)
    found = [draw(study, seed, random_fraction=0.0, startup=10) for seed in range(30)]
    assert sum(abs(x - 0.2) < 0.2 for x in found) >= 20


def test_failed_trials_are_where_not_to_look():
    xs = [number / 20 for number in range(20)]
    study = study_of(*[{1: 0.5 + x / 100} for x in xs], xs=xs)
    for x in (0.9, 0.92, 0.94, 0.96, 0.98) * 4:
        distribution = optuna.distributions.FloatDistribution(0.0, 1.0)
        study.add_trial(
            optuna.trial.create_trial(state=TrialState.FAIL, params={NAME: x}, distributions={NAME: distribution})
        )
    with_failures = sum(draw(study, seed, random_fraction=0.0) > 0.87 for seed in range(20))
    without = study_of(*[{1: 0.5 + x / 100} for x in xs], xs=xs)
    assert with_failures < sum(draw(without, seed, random_fraction=0.0) > 0.87 for seed in range(20))
