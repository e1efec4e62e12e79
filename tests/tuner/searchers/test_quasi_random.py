import numpy as np
import optuna
import pytest
from scipy.stats import qmc

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from tuner.searchers._draft import Draft
from tuner.searchers.quasi_random import QuasiRandom
from tuner.searchers.random import RandomSearch

SQUARE = FlatSpace({"x": Between(0.0, 1.0), "y": Between(0.0, 1.0)})
BRANCHED = FlatSpace(
    {"kind": Among("a", "b"), "x": Between(0.0, 1.0), "y": Between(0.0, 1.0)},
    {"x": [("kind", ("a",))], "y": [("kind", ("b",))]},
)


def point(space, number, searcher=None, seed=0, attempt=0):
    study = optuna.create_study()
    draft = Draft((searcher or QuasiRandom()).for_trial(space, study, seed, number, attempt), study, number)
    space.suggest(draft)
    return draft.params


def square(count, searcher=None, seed=0):
    return np.array([list(point(SQUARE, number, searcher, seed).values()) for number in range(count)])


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_points_are_more_even_than_random_ones(sequence):
    # centred discrepancy of 64 points in the square: random ones have some 0.01, a sequence some 0.0005
    even = qmc.discrepancy(square(64, QuasiRandom(sequence=sequence)))
    assert even < qmc.discrepancy(square(64, RandomSearch())) / 5


def test_each_part_of_a_power_of_two_holds_one_sobol_point():
    # a (0, m, 2)-net in base 2: of 16 points one falls into each of 16 equal cells, of any shape (Sobol, 1967)
    points = square(16)
    for across, down in ((16, 1), (8, 2), (4, 4), (2, 8), (1, 16)):
        cells = {(int(x * across), int(y * down)) for x, y in points}
        assert len(cells) == 16


def test_the_points_are_those_of_the_scrambled_sequence_in_order():
    from tuner.seeds import seed_of

    rng = np.random.default_rng(seed_of(7, "sequence", 0))
    assert np.allclose(square(8, seed=7), qmc.Sobol(2, scramble=True, rng=rng).random(8))


def test_a_point_follows_from_the_seed_and_the_number():
    assert point(SQUARE, 5) == point(SQUARE, 5)
    assert point(SQUARE, 5) != point(SQUARE, 5, seed=1)
    assert point(SQUARE, 5) != point(SQUARE, 5, attempt=1)


def test_every_choice_gets_its_share_and_its_own_parameters():
    points = [point(BRANCHED, number) for number in range(32)]
    assert sum(each["kind"] == "a" for each in points) == 16
    assert {tuple(each) for each in points} == {("kind", "x"), ("kind", "y")}


def test_what_a_choice_lacks_keeps_its_coordinate():
    # y has the third coordinate whether x exists in the point or not: the sequence of y over all points is even
    alone = FlatSpace({name: BRANCHED.parameters()[name] for name in ("kind", "x", "y")})
    for number in range(8):
        found = point(BRANCHED, number)
        assert found.items() <= point(alone, number).items()


def test_a_parameter_that_is_not_in_the_space_is_drawn_at_random():
    study = optuna.create_study(sampler=QuasiRandom().build(SQUARE, optuna.create_study(), 3))
    assert 0 <= study.ask().suggest_float("z", 0, 1) <= 1
