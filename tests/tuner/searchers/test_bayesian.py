import optuna
import pytest
from optuna.trial import TrialState

from search_spaces.choice import Choice
from search_spaces.dimensions import Among, Between
from search_spaces.space import Branch, Space
from tuner.searchers.bayesian import Bayesian
from tuner.searchers.gp import Gp
from tuner.searchers.tpe import Tpe

WIDTH, RATE, LAYER = Between(8, 64), Between(0.1, 1.0), Among("a", "b")


class Net(Choice):
    pass


class Other(Net):
    @classmethod
    def key(cls):
        return "other"


def space_of(*dimensions, kinds=(Net,)):
    named = {f"field{i}": dimension for i, dimension in enumerate(dimensions)}
    return Space({"architecture": tuple(Branch("architecture", kind, named) for kind in kinds)})


NUMBERS = space_of(WIDTH, RATE, LAYER)
BRANCHED = space_of(WIDTH, RATE, kinds=(Net, Other))
OPTIONS = space_of(WIDTH, LAYER)


def model(space, complete, running=0, **options):
    study = optuna.create_study()
    for _ in range(complete):
        study.add_trial(optuna.trial.create_trial(value=0.5))
    for _ in range(running):
        study.add_trial(optuna.trial.create_trial(state=TrialState.RUNNING))
    return Bayesian(**options).model(space, study)


@pytest.mark.parametrize(
    ("space", "complete", "expected"),
    [
        (NUMBERS, 10, Gp()),
        (NUMBERS, 200, Gp()),
        (NUMBERS, 201, Tpe()),  # a draw would take more than a second or two
        (NUMBERS, 9, Tpe()),  # too few whole trainings to compare
        (BRANCHED, 50, Tpe()),
        (OPTIONS, 50, Tpe()),  # not more numbers than lists of options
        (Space({}), 50, Tpe()),
    ],
)
def test_the_model_follows_from_the_space_and_the_number_of_trials(space, complete, expected):
    assert model(space, complete) == expected


def test_its_options_reach_the_model():
    assert model(NUMBERS, 5, startup=5) == Gp(startup=5)
    assert model(NUMBERS, 5, startup=5, gp_until=4) == Tpe(startup=5)
