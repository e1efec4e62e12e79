"""Points that a spec gives to be tried first: how they are written, and what is refused."""

from typing import Any

import pytest

from search_spaces.dimensions import Between
from search_spaces.flat import FlatSpace
from search_spaces.problems import Problems
from search_spaces.space import Space
from tuner.errors import SpecError
from tuner.spec import SweepSpec
from tuner.starting_points import read

SPACE = Space.read(
    {
        "dataset": "digits",
        "architecture": {
            "mlp": {"width": {"low": 32, "high": 512}, "activation": ["relu", "tanh"], "depth": 2, "dropout": 0.1},
            "convnet": {},
        },
        "optimizer": {"adamw": {"lr": {"low": 1e-4, "high": 1.0, "log": True}, "weight_decay": 0.01}},
        "training": {"batch_size": [32, 64]},
    }
)
MLP = {"architecture": "mlp", "architecture.mlp.width": 64}


def refused(*raw: Any, space: Space = SPACE) -> dict[str, str]:
    with pytest.raises(Problems) as caught:
        read(list(raw), space)
    return {problem.path: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    "raw",
    [
        {"architecture": "mlp", "architecture.mlp.width": 64},
        {"architecture": {"mlp": {"width": 64}}},
        {"architecture.mlp": {"width": 64}},
        {"architecture.mlp.width": 64},  # a setting brings its choice
        {"architecture.mlp.width": 64.0, "architecture.mlp.depth": 2},  # a fixed setting with its own value
        {"architecture.mlp.width": 64, "optimizer": "adamw", "dataset": "digits"},  # slots with one choice
    ],
)
def test_a_point_is_written_with_dots_or_nested(raw: dict[str, Any]) -> None:
    assert read([raw], SPACE) == (MLP,)
    assert isinstance(read([raw], SPACE)[0]["architecture.mlp.width"], int)


@pytest.mark.parametrize("raw", [{"architecture": "mlp"}, {"architecture": {"mlp": {}}}, {"architecture.mlp": None}])
def test_a_choice_without_settings_is_a_point(raw: dict[str, Any]) -> None:
    assert read([raw], SPACE) == ({"architecture": "mlp"},)


def test_a_whole_number_is_a_real_one_where_those_are_searched() -> None:
    [point] = read([{"optimizer.adamw.lr": 1}], SPACE)
    assert point == {"optimizer.adamw.lr": 1.0} and isinstance(point["optimizer.adamw.lr"], float)


def test_what_hangs_on_a_value_brings_it_in_a_space_without_slots_too() -> None:
    plain = FlatSpace(
        {"kind": Between(0, 2), "rate": Between(0.0, 1.0), "more": Between(0.0, 1.0)},
        {"rate": [("kind", (1,))], "more": [("kind", (1, 2))]},
    )
    assert read([{"rate": 0.5}, {"more": 0.5}], plain) == ({"kind": 1, "rate": 0.5}, {"more": 0.5})
    assert "points.0.rate" in refused({"kind": 2, "rate": 0.5}, space=plain)


def test_no_points_and_an_empty_list_are_the_same() -> None:
    assert read(None, SPACE) == read([], SPACE) == ()


def test_everything_wrong_is_named_at_once_with_the_nearest_known_name() -> None:
    assert refused(
        {"architecture": "convnet", "architecture.mlp.width": 64},
        {"architecture.mlp.widht": 64, "architecture.mlp.activation": "rellu"},
        {"architecture.mlp.width": 63.5, "optimizer.adamw.lr": 2},
        {"training": {"batch_size": 48}, "optimizer": "adam", "architecture.mlp.dropout": 0.2},
        3,
    ) == {
        "points.0.architecture.mlp.width": "exists beside architecture mlp only, and this point has architecture "
        "convnet: keep one of the two",
        "points.1.architecture.mlp.widht": "is not a parameter of this space; did you mean 'architecture.mlp.width'?",
        "points.1.architecture.mlp.activation": "must be one of relu | tanh, got 'rellu'; did you mean 'relu'?",
        "points.2.architecture.mlp.width": "must be in 32 .. 512, got 63.5: change it, or widen the range",
        "points.2.optimizer.adamw.lr": "must be in 0.0001 .. 1.0 (log), got 2: change it, or widen the range",
        "points.3.training.batch_size": "must be one of 32 | 64, got 48",
        "points.3.optimizer": "is fixed at 'adamw' in this spec, got 'adam': leave it out, or let the spec search both",
        "points.3.architecture.mlp.dropout": "is fixed at 0.1 in this spec, got 0.2: leave it out, or let the spec "
        "search both",
        "points.4": "must be a mapping of parameters, got 3",
    }


def test_settings_of_two_choices_do_not_go_together() -> None:
    found = refused({"architecture.mlp.width": 64, "architecture.convnet.dropout": 0.1})
    assert list(found) == ["points.0.architecture.convnet.dropout"]


def test_a_fixed_setting_of_another_choice_does_not_go_with_a_point() -> None:
    found = refused({"architecture": "convnet", "architecture.mlp.depth": 2})
    assert list(found) == ["points.0.architecture.mlp.depth"]


def test_a_range_with_steps_takes_its_steps_only() -> None:
    stepped = FlatSpace({"rate": Between(0.0, 0.3, step=0.1)})
    assert read([{"rate": 3 * 0.1 - 0.1}], stepped)  # 0.20000000000000004: rounding alone
    assert list(refused({"rate": 0.15}, space=stepped)) == ["points.0.rate"]


def test_the_same_whole_point_twice_is_refused_and_a_part_twice_is_not() -> None:
    rest = {"activation": "relu", "norm": "none", "skip": False, "init": "xavier"}
    whole = {"architecture": {"mlp": {"width": 64, **rest}}, "optimizer.adamw.lr": 0.1, "training.batch_size": 32}
    assert refused(whole, whole) == {"points.1": "is points.0 again: a training that was done teaches nothing new"}
    assert len(read([MLP, MLP], SPACE)) == 2


@pytest.mark.parametrize("raw", [{"architecture": "mlp"}, "mlp", 3])
def test_points_are_a_list(raw: Any) -> None:
    with pytest.raises(Problems, match="points: must be a list of points"):
        read(raw, SPACE)


def spec(**raw: Any) -> SweepSpec:
    return SweepSpec.read({"dataset": "digits", "architecture": ["mlp", "linear"], "searcher": "random", **raw})


def test_a_spec_reads_its_points_with_everything_else() -> None:
    found = spec(points=[{"architecture": "linear"}])
    assert found.first_points == ({"architecture": "linear"},)
    assert SweepSpec.read(found.describe()).first_points == found.first_points
    with pytest.raises(SpecError) as caught:
        spec(points=[{"architecture": "liner"}], seed=1, scheduler="none", name="a b")
    assert {problem.path for problem in caught.value.problems} == {"points.0.architecture", "name"}


def test_points_count_within_the_budget() -> None:
    with pytest.raises(SpecError, match=r"points: has 2 points, but budget\.trials is 1: raise it to 2"):
        spec(points=[{"architecture": "linear"}, {"architecture": "mlp"}], budget={"trials": 1})


def test_a_spec_without_points_keeps_its_fingerprint() -> None:
    assert "points" not in spec().describe()
