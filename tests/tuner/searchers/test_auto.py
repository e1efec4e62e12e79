import optuna
import pytest

from search_spaces.space import Space
from tuner.searchers import sampler
from tuner.searchers._evidence import KEY
from tuner.searchers.auto import Auto

SPACE = Space.read(
    {"architecture": ["mlp", "convnet"], "optimizer": {"adamw": {"lr": {"low": 1e-5, "high": 1e-1, "log": True}}}}
)


def search(trials, seed=0):
    study = optuna.create_study(direction="minimize", sampler=sampler("auto", seed=seed))

    def objective(trial):
        kind = trial.suggest_categorical("kind", ["good", "bad"])
        x = trial.suggest_float("x", -1, 1)
        inside = trial.suggest_float("rate", 1e-4, 1, log=True) if kind == "good" else 1.0
        return (x - 0.3) ** 2 + (kind == "bad") + abs(inside - 1e-2)

    study.optimize(objective, n_trials=trials)
    return study


@pytest.fixture(scope="module")
def found():
    return search(40)


def test_it_finds_the_best_of_a_conditional_space_in_a_plain_study(found):
    assert found.best_value < 0.01  # random search comes to 0.06 on average
    assert found.best_params["kind"] == "good"


def test_the_same_seed_draws_the_same_trials(found):
    assert [trial.params for trial in search(15).trials] == [trial.params for trial in found.trials[:15]]


def test_the_first_trial_takes_what_is_usual():
    study = optuna.create_study()
    drawn = Auto().for_trial(SPACE, study, 0, 0)
    point = SPACE.usual()
    trial = study.ask()
    values = {
        name: drawn.sample_independent(study, trial._cached_frozen_trial, name, distribution_of(it))
        for name, it in SPACE.parameters().items()
        if name in point
    }
    assert values == point
    assert point["architecture"] == "mlp"
    assert point["architecture.mlp.activation"] == "relu"


def distribution_of(dimension):
    """The distribution that a dimension asks Optuna for."""
    study = optuna.create_study()
    trial = study.ask()
    dimension.suggest(trial, "it")
    return trial.distributions["it"]


def test_the_settings_of_its_model_are_noted_in_the_study(found):
    noted = found._storage.get_study_system_attrs(found._study_id)[KEY]
    assert noted["due"] in range(30, 40)
    assert len(noted["settings"]) == 3 + 3  # three lengths, the scale, the noise, a category's effect


def test_several_objectives_are_drawn_along_their_front():
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler("auto", seed=1))

    def objective(trial):
        x = trial.suggest_float("x", -5, 5)
        return x * x, (x - 1) ** 2

    study.optimize(objective, n_trials=40)
    late = [trial.params["x"] for trial in study.trials[15:]]
    assert sum(-0.2 < x < 1.2 for x in late) > 15  # of random draws it would be 3 or 4
    assert max(late) - min(late) > 0.5
