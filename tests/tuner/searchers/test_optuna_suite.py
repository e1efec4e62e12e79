"""Optuna's own conformance suite for samplers (`optuna.testing.pytest_samplers`), for every searcher in the folder."""

from functools import partial

import optuna
import pytest
from optuna.testing import pytest_samplers

from search_spaces import plugins
from tuner.searchers import sampler as sampler_of

pytestmark = pytest.mark.slow

KINDS = {name: plugins.find("tuner.searchers", name) for name in plugins.names("tuner.searchers")}
BLIND = [name for name, kind in KINDS.items() if kind.needs_space]
"""The suite asks for parameters as it goes along: what must know all of them before cannot take part."""
SEEING = [name for name in KINDS if name not in BLIND]
SEVERAL = [name for name in SEEING if KINDS[name].several_objectives]


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.mark.parametrize("name", BLIND)
def test_what_cannot_take_part_says_why(name):
    with pytest.raises(ValueError, match=f"{name} must know the whole space before the first trial"):
        sampler_of(name)


class Every:
    @pytest.fixture(params=SEEING)
    def sampler(self, request):
        return partial(sampler_of, request.param, seed=0)


class TestBasic(Every, pytest_samplers.BasicSamplerTestCase):
    pass


class TestRelative(Every, pytest_samplers.RelativeSamplerTestCase):
    pass


class TestSeveralObjectives(pytest_samplers.MultiObjectiveSamplerTestCase):
    @pytest.fixture(params=SEVERAL)
    def sampler(self, request):
        return partial(sampler_of, request.param, seed=0)


class TestOneObjectiveOnly(pytest_samplers.SingleOnlySamplerTestCase):
    @pytest.fixture(params=[name for name in SEEING if name not in SEVERAL])
    def sampler(self, request):
        return partial(sampler_of, request.param, seed=0)
