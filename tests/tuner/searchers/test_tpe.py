import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from search_spaces.space import Space
from tuner.searchers._model import retold
from tuner.searchers.random import RandomSearch
from tuner.searchers.tpe import Tpe, _as_tpe_ranks

X = {"x": FloatDistribution(0, 1)}


def told(x, state=TrialState.COMPLETE, curve=None, **attributes):
    value = -abs(x - 0.8) if state is TrialState.COMPLETE else None
    return create_trial(
        state=state,
        value=value,
        params={"x": x},
        distributions=X,
        intermediate_values=curve or {},
        user_attrs=attributes,
    )


def draws(trials, searcher=None, count=30):
    """What it would draw next, for many seeds."""
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    found = []
    for seed in range(count):
        study.sampler = (searcher or Tpe()).build(Space({}), study, seed)
        found.append(study.sampler.sample_independent(study, told(0.0), "x", X["x"]))
    return found


def is_random(trials, **options):
    return draws(trials, Tpe(**options), 3) == draws(trials, RandomSearch(), 3)


@pytest.fixture
def whole():
    return [told(i / 20) for i in range(20)]


def test_draws_gather_where_the_good_trials_are(whole):
    # the best is at 0.8; of random draws 20 % would fall within 0.1 of it
    assert sum(abs(x - 0.8) < 0.1 for x in draws(whole)) > 15


def test_draws_are_random_until_enough_trials_have_told(whole):
    assert is_random(whole[:9])
    assert not is_random(whole[:10])
    assert not is_random(whole[:4], startup=4)


def test_no_model_is_made_of_short_trainings_alone(whole):
    # 30 told: the good ones are ceil(0.1 x 30) = 3
    short = [told(i / 30, TrialState.PRUNED, {1: i / 30}) for i in range(27)]
    assert is_random([*short, *whole[:2]])
    assert not is_random([*short, *whole[:3]])


def shown(trial):
    study = optuna.create_study(direction="maximize")
    study.add_trial(trial)
    [found] = _as_tpe_ranks(study)
    return found.state, found.intermediate_values


def test_a_paused_trial_counts_as_cut_short_and_a_running_one_does_not():
    curve = {1: 0.4, 3: 0.6}
    assert shown(told(0.5, TrialState.RUNNING, curve, paused=True)) == (TrialState.PRUNED, curve)
    assert shown(told(0.5, TrialState.RUNNING, curve)) == (TrialState.RUNNING, {})


def test_a_failed_trial_ranks_last_whatever_it_had_reached():
    assert shown(told(0.5, TrialState.FAIL, {1: 0.4, 2: 0.9})) == (TrialState.PRUNED, {})


def test_draws_keep_away_from_where_trials_failed(whole):
    # the same good trials; failures near the best one, on its right side
    failed = [told(0.81 + i / 100, TrialState.FAIL) for i in range(10)]
    assert sum(x > 0.81 for x in draws(whole + failed)) < sum(x > 0.81 for x in draws(whole))


def test_retelling_keeps_the_point_and_drops_what_is_no_number():
    trial = retold(told(0.25), TrialState.PRUNED, curve={1: float("nan"), 2: 0.5})
    assert (trial.params, trial.intermediate_values) == ({"x": 0.25}, {2: 0.5})
