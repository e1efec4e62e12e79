import optuna
import pytest

from search_spaces.dimensions import Among, Between
from search_spaces.flat import SLOT, FlatSpace
from search_spaces.problems import Problems

DIMENSIONS = {
    "drop": Between(0.0, 1.0),
    "booster": Among("linear", "tree", "dart"),
    "depth": Between(1, 3),
    "eta": Among(0.1, 0.3),
}
WHEN = {"drop": [("booster", ("dart",))], "depth": [("booster", ("tree", "dart"))], "eta": [("depth", (2, 3))]}
SPACE = FlatSpace(DIMENSIONS, WHEN)


def test_parents_are_drawn_before_what_hangs_on_them():
    assert list(SPACE.parameters()) == ["booster", "drop", "depth", "eta"]


@pytest.mark.parametrize(
    ("drawn", "exist"),
    [
        ({"booster": "linear"}, ["booster"]),
        ({"booster": "tree", "depth": 1}, ["booster", "depth"]),
        ({"booster": "tree", "depth": 2, "eta": 0.3}, ["booster", "depth", "eta"]),
        ({"booster": "dart", "drop": 0.5, "depth": 3, "eta": 0.1}, ["booster", "drop", "depth", "eta"]),
    ],
)
def test_a_parameter_exists_if_its_conditions_hold_and_its_parents_exist(drawn, exist):
    trial = optuna.trial.FixedTrial(drawn)
    assert SPACE.suggest(trial) == {SLOT: {name: drawn[name] for name in exist}}
    assert list(trial.params) == exist


def test_it_answers_as_every_space_does():
    assert SPACE.conditional and not FlatSpace({"eta": Among(0.1, 0.3)}).conditional
    assert SPACE.size == float("inf")
    # linear; tree x (1 depth without eta + 2 with two each); dart the same for each of the two ends of drop
    assert len(list(SPACE.grid(2))) == 1 + (1 + 1 * 2) + 2 * (1 + 1 * 2)
    without = FlatSpace(
        {name: it for name, it in DIMENSIONS.items() if name != "drop"},
        {name: it for name, it in WHEN.items() if name != "drop"},
    )
    assert without.size == 1 + 2 * (1 + 2 * 2)
    SPACE.validate({"booster": "tree", "depth": 2})
    with pytest.raises(Problems, match="did you mean 'depth'"):
        SPACE.validate({"deth": 2})


def test_equal_spaces_have_equal_digests():
    assert SPACE.digest() == FlatSpace(dict(DIMENSIONS), dict(WHEN)).digest()
    assert SPACE.digest() != FlatSpace(DIMENSIONS).digest()


def test_a_condition_on_an_unknown_parameter_is_refused():
    with pytest.raises(Problems, match="'boster' is not a parameter of this space; did you mean 'booster'"):
        FlatSpace(DIMENSIONS, {"depth": [("boster", ("tree",))]})


def test_conditions_that_go_round_in_a_circle_are_refused():
    with pytest.raises(Problems, match="depth: exists only beside itself"):
        FlatSpace(DIMENSIONS, {"depth": [("eta", (0.1,))], "eta": [("depth", (2,))]})
