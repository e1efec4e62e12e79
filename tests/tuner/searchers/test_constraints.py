"""What searchers learn from broken constraints: objectives rise to the right, where nothing is feasible."""

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from search_spaces.dimensions import Between
from search_spaces.flat import FlatSpace
from tuner.searchers import Searcher
from tuner.searchers.gp import Gp
from tuner.searchers.nsga2 import Nsga2
from tuner.searchers.tpe import Tpe

pytestmark = pytest.mark.usefixtures("quiet")
SPACE = FlatSpace({"x": Between(0.0, 1.0), "y": Between(0.0, 1.0)})
XY = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


@pytest.fixture
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def told(x, y, constrained, state=TrialState.COMPLETE):
    """The value is x; a point right of 0.4 breaks the constraint, the more the further."""
    return create_trial(
        state=state,
        value=x if state is TrialState.COMPLETE else None,
        params={"x": x, "y": y},
        distributions=XY,
        system_attrs={"constraints:size": x - 0.4} if constrained else {},
    )


def draws(searcher: Searcher, trials, count):
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    samplers = [searcher.build(SPACE, study, seed) for seed in range(count)]
    return [sampler.sample_independent(study, study.trials[0], "x", XY["x"]) for sampler in samplers]


def grid(constrained, side=5):
    return [told(i / (side - 1), j / (side - 1), constrained) for i in range(side) for j in range(side)]


def feasible(found):
    return sum(x <= 0.4 for x in found)


@pytest.mark.parametrize(
    ("searcher", "count"), [pytest.param(Tpe(), 12, id="tpe"), pytest.param(Gp(), 3, id="gp"), (Nsga2(), 12)]
)
def test_it_keeps_to_where_the_constraint_is_kept(searcher, count):
    with_it, without = draws(searcher, grid(True), count), draws(searcher, grid(False), count)
    assert feasible(with_it) >= feasible(without) + count // 3
    assert feasible(with_it) >= 0.55 * count


def test_trials_that_were_stopped_for_a_broken_constraint_keep_the_gaussian_process_away():
    # what is right of 0.4 was never trained
    trials = [
        it if it.params["x"] <= 0.4 else told(**it.params, constrained=True, state=TrialState.PRUNED)
        for it in (told(i / 6, j / 3, True) for i in range(7) for j in range(4))
    ]
    assert feasible(draws(Gp(), trials, count=3)) >= 2


def test_trials_that_know_no_constraint_are_compared_all_the_same():
    failed = [told(0.2, 0.2, False, TrialState.FAIL)]
    assert len(draws(Gp(), grid(True) + failed, count=2)) == 2


@pytest.mark.parametrize("searcher", [Tpe(), Nsga2()], ids=lambda searcher: searcher.key())
def test_failed_trials_do_not_pass_for_feasible(searcher):
    # all that was trained is infeasible, all left of 0.1 failed: the least infeasible are good, the failed ones are not
    trained = [it for it in grid(True, side=7) if it.params["x"] > 0.4]
    failed = [told(0.01 * place, 0.5, False, TrialState.FAIL) for place in range(10)]
    found = draws(searcher, [*failed, *trained], count=12)
    assert sum(x < 0.1 for x in found) <= 3
