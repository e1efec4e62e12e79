import pytest

from tuner.errors import SpecError
from tuner.schedulers.bohb import Bohb
from tuner.schedulers.hyperband import Hyperband
from tuner.searchers.bayesian import Bayesian
from tuner.searchers.bohb import Bohb as Model
from tuner.searchers.random import RandomSearch
from tuner.searchers.tpe import Tpe
from tuner.spec import SweepSpec

RAW = {"dataset": "digits", "architecture": "mlp", "scheduler": "bohb"}


def test_its_brackets_are_hyperbands():
    assert Bohb().plan(20, 24)[1:] == Hyperband().plan(20, 24)
    assert Bohb(reduction_factor=2).plan(20, 24)[1:] == Hyperband(reduction_factor=2).plan(20, 24)


@pytest.mark.parametrize("given", [Tpe(), Bayesian(), Model()])
def test_its_own_model_draws_in_place_of_those_that_leave_it_open(given):
    assert Bohb().searcher(given) == Model()


def test_how_many_trials_the_model_takes_is_the_specs_to_say():
    assert Bohb().searcher(Tpe(startup=5)) == Model(startup=5)
    assert Bohb().searcher(Model(startup=7, random_fraction=0.5)) == Model(startup=7, random_fraction=0.5)
    spec = SweepSpec.read({**RAW, "searcher": {"tpe": {"startup": 4}}})
    assert spec.searcher_choice == Model(startup=4)


def test_another_searcher_is_refused_with_what_to_do():
    assert Bohb().searcher(RandomSearch()) == RandomSearch()
    with pytest.raises(
        SpecError,
        match="searcher: bohb is hyperband with a model of its own, got random: "
        "use tpe, or keep random and use the scheduler hyperband",
    ):
        SweepSpec.read({**RAW, "searcher": "random"})
