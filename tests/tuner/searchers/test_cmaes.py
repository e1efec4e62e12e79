import cmaes
import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from search_spaces.problems import Problems
from tuner.searchers.cmaes import CmaEs
from tuner.searchers.random import RandomSearch
from tuner.seeds import seed_of

SQUARE = FlatSpace({"x": Between(-5.0, 5.0), "y": Between(1e-4, 1.0, log=True)})
BRANCHED = FlatSpace(
    {"kind": Among("a", "b"), "x": Between(0.0, 1.0), "y": Between(0.0, 1.0)},
    {"x": [("kind", ("a",))], "y": [("kind", ("b",))]},
)


def swept(value, trials, space=SQUARE, searcher=None, direction="minimize", seed=0):
    study = optuna.create_study(direction=direction)
    for number in range(trials):
        study.sampler = (searcher or CmaEs()).for_trial(space, study, seed, number)
        trial = study.ask()
        point = space.suggest(trial)["config"]
        study.tell(trial, value(point))
    return study


def bowl(point):
    return (point["x"] - 2.0) ** 2 + (np.log10(point["y"]) + 3) ** 2


def test_it_draws_what_the_method_draws_when_asked_and_told_directly():
    # the reference: the cmaes package in the unit square, kept in memory, six to a generation
    study = swept(bowl, 20)
    ends = np.array([[0.0, 1.0], [0.0, 1.0]])
    reference = cmaes.CMA(np.array([0.5, 0.5]), 1 / 6, bounds=ends, seed=0)
    assert reference.population_size == 6
    told = []
    for trial in study.trials:
        reference.reseed_rng(seed_of(seed_of(0, "draw", trial.number), "x", "y"))
        x, y = reference.ask()
        assert trial.params["x"] == pytest.approx(-5 + 10 * x)
        assert np.log10(trial.params["y"]) == pytest.approx(-4 + 4 * y)
        told.append((np.array([x, y]), trial.value))
        if len(told) == reference.population_size:
            reference.tell(told)
            told = []


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_it_closes_in_on_the_best(direction):
    sign = 1 if direction == "minimize" else -1
    study = swept(lambda point: sign * bowl(point), 90, direction=direction)
    random = swept(bowl, 90, searcher=RandomSearch())
    late = [abs(trial.value) for trial in study.trials[60:]]
    assert np.mean(late) < np.mean([trial.value for trial in random.trials]) / 20


def test_only_ranks_count():
    plain, bent = swept(bowl, 40), swept(lambda point: bowl(point) ** 3 * 1e6, 40)
    assert [trial.params for trial in plain.trials] == [trial.params for trial in bent.trials]


def test_failed_and_pruned_trials_are_the_worst_of_their_generation():
    # everything right of 0 fails, and to its left all is equally good: the draws turn to the left
    study = optuna.create_study()
    for number in range(60):
        study.sampler = CmaEs().for_trial(SQUARE, study, 0, number)
        trial = study.ask()
        if SQUARE.suggest(trial)["config"]["x"] > 0:
            study.tell(trial, state=TrialState.FAIL if number % 2 else TrialState.PRUNED)
        else:
            study.tell(trial, 0.0)
    assert sum(trial.params["x"] > 0 for trial in study.trials[:12]) >= 3
    assert sum(trial.params["x"] > 0 for trial in study.trials[-12:]) <= 3


def test_trials_at_work_are_not_waited_for():
    study = swept(bowl, 12)
    for number in range(12, 16):
        study.sampler = CmaEs().for_trial(SQUARE, study, 0, number)
        SQUARE.suggest(study.ask())
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(points)) == 16


def led_by_a_alone(count=80):
    """Trials of the branch a only, led to x = 0.9."""
    kind, x = CategoricalDistribution(("a", "b")), FloatDistribution(0, 1)
    study = optuna.create_study()
    for number in range(count):
        at = CmaEs().for_trial(BRANCHED, study, 0, number).rule(number, "x", x)
        point = {"params": {"kind": "a", "x": at}, "distributions": {"kind": kind, "x": x}}
        study.add_trial(create_trial(value=(at - 0.9) ** 2, **point))
    return study


def test_each_branch_is_led_by_its_own_trials_alone():
    study, share = led_by_a_alone(), FloatDistribution(0, 1)
    samplers = [CmaEs().build(BRANCHED, study, seed) for seed in range(200)]
    x, y = (np.array([sampler.rule(80, name, share) for sampler in samplers]) for name in "xy")
    assert abs(x.mean() - 0.9) < 0.02 and x.std() < 0.02
    assert abs(y.mean() - 0.5) < 0.05 and y.std() == pytest.approx(1 / 6, rel=0.2)  # as at first


def test_a_plain_study_shows_by_its_trials_which_parameters_go_together():
    study = led_by_a_alone()
    flat = FlatSpace(BRANCHED.dimensions)  # the same parameters, and no word of branches
    told = CmaEs().build(BRANCHED, study, 5).rule(80, "x", FloatDistribution(0, 1))
    assert CmaEs().build(flat, study, 5).rule(80, "x", FloatDistribution(0, 1)) == told


def test_a_space_of_lists_alone_is_refused_with_the_remedy():
    with pytest.raises(Problems) as refused:
        CmaEs().check(FlatSpace({"kind": Among("a", "b")}))
    assert str(refused.value) == "searcher: cmaes needs a range to search, and all here are lists: use tpe"
