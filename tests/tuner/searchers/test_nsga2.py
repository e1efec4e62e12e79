import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from tuner.searchers._generations import Generations
from tuner.searchers.nsga2 import Nsga2, _ranked
from tuner.searchers.random import RandomSearch

LINE = FlatSpace({"x": Between(0.0, 1.0), "y": Between(0.0, 1.0)})
BRANCHED = FlatSpace(
    {"kind": Among("a", "b"), "x": Between(0.0, 1.0), "y": Between(0.0, 1.0)},
    {"x": [("kind", ("a",))], "y": [("kind", ("b",))]},
)
X = FloatDistribution(0, 1)


def swept(values, trials, space=LINE, searcher=None, directions=("minimize",)):
    study = optuna.create_study(directions=directions)
    for number in range(trials):
        study.sampler = (searcher or Nsga2()).for_trial(space, study, 0, number)
        trial = study.ask()
        study.tell(trial, values(space.suggest(trial)["config"]))
    return study


def bowl(point):
    return (point["x"] - 0.7) ** 2 + (point["y"] - 0.2) ** 2


def tilted(point):
    """Two goals that pull apart along x; y only costs (Schaffer, 1985, in two dimensions)."""
    return point["x"] ** 2 + point["y"], (point["x"] - 1) ** 2 + point["y"]


def volume(study, corner=2.0):
    """The area that the trials' values dominate below the corner, by hand: steps under the sorted front."""
    front, area, last = sorted(tuple(trial.values) for trial in study.trials), 0.0, corner
    for first, second in front:
        if second < last and first < corner:
            area += (corner - first) * (last - second)
            last = second
    return area


def test_it_closes_in_on_the_best_of_one_objective():
    found = swept(bowl, 100)
    late = [bowl(trial.params) for trial in found.trials[50:]]
    # random points have a mean of 1/12 + 0.2^2 + 1/12 + 0.3^2 = 0.297
    assert sum(late) / 50 < 0.297 / 2


def test_of_two_objectives_it_covers_more_than_random_draws():
    goals = {"directions": ("minimize", "minimize"), "trials": 120}
    assert volume(swept(tilted, **goals)) > volume(swept(tilted, searcher=RandomSearch(), **goals))


def test_the_first_generation_is_random_and_the_next_is_bred_from_it():
    study, random = swept(bowl, 12), swept(bowl, 12, searcher=RandomSearch())
    points = [trial.params for trial in study.trials]
    assert points[:10] == [trial.params for trial in random.trials[:10]]
    parents = {name: {point[name] for point in points[:10]} for name in "xy"}
    # a child has each value of a parent, but for the one in two that is drawn anew (1 / number of parameters)
    assert sum(point[name] in parents[name] for point in points[10:] for name in "xy") >= 1


def test_generations_follow_from_the_order_of_the_trials():
    study = optuna.create_study()
    for number in range(7):
        study.add_trial(create_trial(value=float(number), params={"x": 0.5}, distributions={"x": X}))
    told = Generations(population_size=3, seed=0)
    populations = [[trial.number for trial in told.get_population(study, it)] for it in range(3)]
    assert populations == [[0, 1, 2], [3, 4, 5], [6]]
    assert told.get_trial_generation(study, study.trials[0]) == 2
    assert [trial.number for trial in told.get_parent_population(study, 2)] == [0, 1, 2]  # the best three of six


def told(state, values=None, **more):
    return create_trial(state=state, values=values, params={"x": 0.5}, distributions={"x": X}, **more)


def test_trials_that_were_not_trained_to_the_end_are_selected_last():
    trials = [
        told(TrialState.FAIL),
        told(TrialState.PRUNED, [0.9], intermediate_values={1: 0.9}),
        told(TrialState.PRUNED, [0.1], intermediate_values={1: 0.2, 2: 0.1}),
        told(TrialState.COMPLETE, [0.05]),
        told(TrialState.COMPLETE, [0.07]),
    ]
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    assert _ranked(study.trials, study) == [[0.0], [1.0], [2.0], [3.0], [4.0]]


def test_of_several_objectives_each_is_worse_for_them_than_for_all_others():
    study = optuna.create_study(directions=["maximize", "minimize"])
    study.add_trials([told(TrialState.COMPLETE, [0.2, 5.0]), told(TrialState.COMPLETE, [0.6, 7.0])])
    study.add_trial(told(TrialState.FAIL))
    *_, behind = _ranked(study.trials, study)
    assert behind == pytest.approx([0.2 - 1.4, 7.0 + 3.0])


def test_parents_without_a_parameter_give_it_a_random_value():
    # every trial so far is of branch a; children of branch b have a y nonetheless, and not always the same
    study = optuna.create_study()
    kind = optuna.distributions.CategoricalDistribution(("a", "b"))
    for number in range(10):
        point = {"params": {"kind": "a", "x": number / 10}, "distributions": {"kind": kind, "x": X}}
        study.add_trial(create_trial(value=1.0, **point))
    drawn = [Nsga2().build(BRANCHED, study, seed).rule(10, "y", X) for seed in range(20)]
    assert len(set(drawn)) > 5
