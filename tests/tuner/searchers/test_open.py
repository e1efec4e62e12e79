"""Searchers in plain Optuna studies, without a sweep."""

import pickle

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces import plugins
from search_spaces.dimensions import Among, Between
from tuner.searchers import sampler
from tuner.searchers._open import space_of

NAMES = [name for name in plugins.names("tuner.searchers") if not plugins.find("tuner.searchers", name).needs_space]


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial):
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    if trial.suggest_categorical("kind", ["deep", "wide"]) == "deep":
        return trial.suggest_int("depth", 1, 6) * rate
    return trial.suggest_float("width", 0.0, 1.0) + rate


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_study(name):
    points = []
    for seed in (1, 1, 2):
        study = optuna.create_study(sampler=sampler(name, seed=seed))
        study.optimize(objective, n_trials=14)
        points.append([trial.params for trial in study.trials])
    assert points[0] == points[1] != points[2]


def test_a_sampler_keeps_nothing_so_a_study_goes_on_with_a_fresh_one():
    whole = optuna.create_study(sampler=sampler("tpe"))
    whole.optimize(objective, n_trials=20)
    study = optuna.create_study(sampler=sampler("tpe"))
    study.optimize(objective, n_trials=13)
    study.sampler = pickle.loads(pickle.dumps(sampler("tpe")))
    study.optimize(objective, n_trials=7)
    assert [trial.params for trial in study.trials] == [trial.params for trial in whole.trials]


def test_it_learns():
    study = optuna.create_study(sampler=sampler("tpe", startup=5))
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1) - 0.7) ** 2, n_trials=60)
    assert sum(abs(trial.params["x"] - 0.7) < 0.1 for trial in study.trials[30:]) > 12  # of random ones 6 would


def test_asking_says_nothing(caplog):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    study = optuna.create_study(sampler=sampler("tpe", startup=1))
    caplog.clear()
    for _ in range(3):
        study.tell(study.ask({"x": FloatDistribution(0, 1)}), 0.5)
    assert caplog.messages == []
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_the_space_is_what_trials_have_asked_for_last():
    asked = [
        {"x": FloatDistribution(0, 1), "n": IntDistribution(1, 9, step=2), "fixed": IntDistribution(3, 3)},
        {"x": FloatDistribution(1, 10, log=True), "kind": CategoricalDistribution(("a", None))},
    ]
    values = [{"x": 1.0, "n": 3, "fixed": 3}, {"x": 2.0, "kind": None}]
    trials = [
        optuna.trial.create_trial(value=0.0, params=params, distributions=distributions)
        for params, distributions in zip(values, asked, strict=True)
    ]
    assert space_of(trials).parameters() == {
        "x": Between(1.0, 10.0, log=True),
        "n": Between(1, 9, step=2),
        "kind": Among("a", None),
    }


def test_a_searcher_for_one_objective_says_so_and_names_one_for_several():
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler("cmaes"))
    with pytest.raises(ValueError, match="cmaes draws for one objective, and this study has several: use nsga2"):
        study.ask({"x": FloatDistribution(0, 1)})


def test_an_unknown_searcher_names_the_nearest_and_a_wrong_option_is_refused():
    with pytest.raises(plugins.UnknownNameError, match="did you mean 'quasi_random'"):
        sampler("quasirandom")
    with pytest.raises(ValueError, match="startup"):
        sampler("tpe", startup=0)
