import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.space import Space
from tuner.searchers.random import RandomSearch

SPACE = {"x": FloatDistribution(0, 1), "n": IntDistribution(1, 100, log=True), "c": CategoricalDistribution("abc")}


def point(space, seed, before=0):
    study = optuna.create_study()
    for _ in range(before):
        study.tell(study.ask(), 0.0)
    study.sampler = RandomSearch().build(Space({}), study, seed)
    return study.ask(space).params


def test_a_draw_does_not_depend_on_the_order_or_on_what_else_is_searched():
    backwards = dict(reversed(SPACE.items()))
    assert point(SPACE, 3) == point(backwards, 3)
    assert point({"c": SPACE["c"]}, 3)["c"] == point(SPACE, 3)["c"]


def test_a_draw_does_not_depend_on_the_trials_before():
    assert point(SPACE, 3) == point(SPACE, 3, before=5)


def test_other_seeds_and_other_names_give_other_draws():
    assert len({point(SPACE, seed)["x"] for seed in range(50)}) == 50
    two = {"x": SPACE["x"], "y": SPACE["x"]}
    assert all(drawn["x"] != drawn["y"] for drawn in (point(two, seed) for seed in range(50)))


def test_draws_are_spread_evenly():
    drawn = [point(SPACE, seed) for seed in range(300)]
    assert 0.45 < sum(it["x"] for it in drawn) / 300 < 0.55  # 3 standard errors of 1 / sqrt(12 x 300) = 0.017
    assert all(80 <= sum(it["c"] == letter for it in drawn) <= 120 for letter in "abc")  # 100 +- 2.5 x 8.2
    assert 120 <= sum(it["n"] <= 10 for it in drawn) <= 180  # on a log scale 10 is in the middle
