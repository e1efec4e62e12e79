import json
import math
from typing import Any

import optuna
import pytest
from optuna.trial import FixedTrial

from search_spaces.dimensions import Among, Between
from search_spaces.problems import Problems
from search_spaces.space import Space, realise

ADAMW = {"adamw": {"lr": 0.01, "weight_decay": 0.0}}


def problems_of(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Problems) as caught:
        Space.read(raw)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_a_name_alone_brings_the_ranges_of_its_type() -> None:
    space = Space.read({"optimizer": "adamw"})
    assert space.parameters() == {
        "optimizer.adamw.lr": Between(1e-4, 1e-1, log=True),
        "optimizer.adamw.weight_decay": Between(1e-5, 1e-1, log=True),
    }
    assert not space.conditional


def test_settings_narrow_widen_and_fix() -> None:
    space = Space.read(
        {"optimizer": {"sgd": {"lr": {"low": 0.1, "high": 10, "log": True}, "momentum": [0.0, 0.9], "nesterov": False}}}
    )
    found = space.parameters()
    assert found["optimizer.sgd.lr"] == Between(0.1, 10.0, log=True)  # a range of floats, as its field is
    assert found["optimizer.sgd.momentum"] == Among(0.0, 0.9)
    assert "optimizer.sgd.nesterov" not in found


def test_a_field_that_is_not_searched_by_itself_can_be() -> None:
    space = Space.read({"optimizer": {"adamw": {"beta1": [0.8, 0.9]}}})
    assert space.parameters()["optimizer.adamw.beta1"] == Among(0.8, 0.9)


def test_the_parameters_of_training_have_no_second_name() -> None:
    assert list(Space.read({"training": {"batch_size": [16, 32]}}).parameters()) == ["training.batch_size"]


@pytest.mark.parametrize("raw", [["sgd", "adamw"], {"sgd": {}, "adamw": None}, ["sgd", {"adamw": {}}]])
def test_several_types_make_a_conditional_space(raw: Any) -> None:
    space = Space.read({"optimizer": raw})
    assert space.conditional
    assert space.parameters()["optimizer"] == Among("sgd", "adamw")
    assert "optimizer.sgd.momentum" in space.parameters()


def test_only_the_parameters_of_the_chosen_branch_are_drawn() -> None:
    space = Space.read({"optimizer": {"sgd": {"nesterov": False}, "adamw": {}}})
    trial = FixedTrial({"optimizer": "adamw", "optimizer.adamw.lr": 0.002, "optimizer.adamw.weight_decay": 0.001})
    # FixedTrial refuses to be asked for anything that it was not given
    chosen = space.suggest(trial)["optimizer"]
    assert chosen["name"] == "adamw"
    assert (chosen["lr"], chosen["weight_decay"]) == (0.002, 0.001)
    assert "momentum" not in chosen


def test_a_drawn_point_is_whole_with_defaults_and_fixed_values() -> None:
    space = Space.read({"optimizer": {"adamw": {"lr": 0.5, "weight_decay": [0.0, 0.1]}}, "training": {}})
    trial = FixedTrial({"optimizer.adamw.weight_decay": 0.1, "training.batch_size": 32})
    chosen = space.suggest(trial)
    assert list(chosen) == ["optimizer", "training"]
    assert chosen["optimizer"].items() >= {"name": "adamw", "lr": 0.5, "weight_decay": 0.1, "beta1": 0.9}.items()
    assert chosen["training"].items() >= {"name": "training", "batch_size": 32}.items()


def test_every_draw_is_valid_and_survives_json() -> None:
    space = Space.read({"architecture": ["mlp", "convnet"], "optimizer": ["sgd", "adamw"], "training": {}})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    seen = set()
    for _ in range(30):
        trial = study.ask()
        choices = json.loads(json.dumps(space.suggest(trial)))
        seen.add((choices["architecture"]["name"], choices["optimizer"]["name"]))
        space.validate(trial.params)
        for slot, choice in choices.items():
            assert realise(slot, choice).describe() == choice
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("slot", "choice"),
    [
        ("architecture", {"name": "linear"}),
        ("training", {"name": "training", "batch_size": 7}),
        ("optimizer", {"name": "adamw", "lr": 0.5, "weight_decay": 0.25}),
    ],
)
def test_realise_is_the_inverse_of_describe(slot: str, choice: dict[str, Any]) -> None:
    described = realise(slot, choice).describe()
    assert described.items() >= choice.items()
    assert realise(slot, described) == realise(slot, choice)


def test_size_multiplies_slots_and_adds_branches() -> None:
    sgd = {"lr": [0.1, 0.2, 0.3], "momentum": 0.9, "weight_decay": 0.0}  # 3 x nesterov's 2
    space = Space.read({"optimizer": {"sgd": sgd, **ADAMW}, "training": {"batch_size": [16, 32]}})
    assert space.size == (3 * 2 + 1) * 2
    assert Space.read({"optimizer": "adamw"}).size == math.inf


def test_grid_lists_every_point_and_no_parameter_of_another_branch() -> None:
    sgd = {"lr": [0.1, 0.2], "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}
    space = Space.read({"optimizer": {"sgd": sgd, **ADAMW}, "training": {"batch_size": [16, 32]}})
    assert list(space.grid()) == [
        {"optimizer": "sgd", "optimizer.sgd.lr": 0.1, "training.batch_size": 16},
        {"optimizer": "sgd", "optimizer.sgd.lr": 0.1, "training.batch_size": 32},
        {"optimizer": "sgd", "optimizer.sgd.lr": 0.2, "training.batch_size": 16},
        {"optimizer": "sgd", "optimizer.sgd.lr": 0.2, "training.batch_size": 32},
        {"optimizer": "adamw", "training.batch_size": 16},
        {"optimizer": "adamw", "training.batch_size": 32},
    ]


def test_a_grid_cuts_what_is_continuous() -> None:
    space = Space.read({"optimizer": {"adamw": {"lr": {"low": 1e-4, "high": 1e-2, "log": True}, "weight_decay": 0.0}}})
    assert [point["optimizer.adamw.lr"] for point in space.grid(3)] == pytest.approx([1e-4, 1e-3, 1e-2])


def test_validate_names_every_wrong_value_and_parameter() -> None:
    space = Space.read({"optimizer": "adamw", "training": {}})
    space.validate({"optimizer.adamw.lr": 0.01, "training.batch_size": 64})
    with pytest.raises(Problems) as caught:
        space.validate({"optimizer.adamw.lr": 5.0, "optimizer.adamw.lrr": 0.1, "training.batch_size": 64})
    assert str(caught.value).splitlines() == [
        "optimizer.adamw.lr: must be in 0.0001 .. 0.1 (log), got 5.0",
        "optimizer.adamw.lrr: is not a parameter of this space; did you mean 'optimizer.adamw.lr'?",
    ]


def test_equal_spaces_have_equal_digests_however_they_are_written() -> None:
    one = Space.read({"architecture": ["mlp", "convnet"], "training": {}})
    same = Space.read({"training": {"batch_size": [32, 64, 128]}, "architecture": {"mlp": {}, "convnet": None}})
    other = Space.read({"architecture": ["mlp", "convnet"], "training": {"batch_size": [32, 64]}})
    assert one.digest() == same.digest()
    assert one.digest() != other.digest()
    assert len(one.digest()) == 16


def test_a_digest_knows_fixed_values_too() -> None:
    first, second = (Space.read({"training": {"batch_size": size}}) for size in (32, 64))
    assert first.digest() != second.digest()


def test_a_narrowed_dimension_still_changes_shapes() -> None:
    found = Space.read(
        {"architecture": {"convnet": {"channels": {"low": 4, "high": 8}, "kernel": [3, 5]}}}
    ).parameters()
    assert found["architecture.convnet.channels"].shapes
    assert found["architecture.convnet.kernel"].shapes
    assert not found["architecture.convnet.dropout"].shapes


def test_every_problem_is_named_at_once_with_its_path() -> None:
    found = problems_of(
        {
            "dataset": "digit",
            "architecture": {"mlp": {"widht": 3, "depth": {"low": 5, "high": 2}, "dropout": 1.5}, "convnt": {}},
            "optimizer": {"sgd": {"lr": {"low": 0, "high": 1, "log": True}, "momentum": []}},
            "training": {"batch_size": 0},
        }
    )
    assert found == {
        "dataset": "'digit' is not one of the datasets; did you mean 'digits'?",
        "architecture": "'convnt' is not one of the architectures; did you mean 'convnet'?",
        "architecture.mlp.widht": "mlp has no setting of that name; did you mean 'width'?",
        "architecture.mlp.depth": "low must be below high, got low=5, high=2",
        "architecture.mlp.dropout": "input should be less than 1, got 1.5",
        "optimizer.sgd.lr": "a log range must start above zero, got low=0",
        "optimizer.sgd.momentum": "a list of options must hold at least one, got []",
        "training.batch_size": "input should be greater than or equal to 1, got 0",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": {"low": 1.5, "high": 3}}, "takes integers, so low must be one, got low=1.5"),
        ({"depth": {"low": 1, "high": 3, "step": 0.5}}, "takes integers, so step must be one, got step=0.5"),
        ({"depth": {"low": -3, "high": 3}}, "input should be greater than or equal to 1, got -3"),
        ({"depth": [1, 2, 2.5]}, "input should be a valid integer, got a number with a fractional part, got 2.5"),
        ({"depth": "deep"}, "parse string as an integer"),
    ],
)
def test_ends_and_options_obey_the_rules_of_their_field(settings: dict[str, Any], message: str) -> None:
    assert message in problems_of({"architecture": {"mlp": settings}})["architecture.mlp.depth"]


def test_whole_floats_are_integers_where_integers_are_wanted() -> None:
    # YAML reads 1e1 as the float 10.0
    found = Space.read({"architecture": {"mlp": {"width": {"low": 1e1, "high": 1e3, "log": True}}}}).parameters()
    assert found["architecture.mlp.width"] == Between(10, 1000, log=True, shapes=True)


def test_an_option_that_is_not_valid_is_named() -> None:
    found = problems_of({"architecture": {"mlp": {"activation": ["relu", "rleu"]}}})
    assert "'relu', 'leaky_relu'" in found["architecture.mlp.activation"]
    assert found["architecture.mlp.activation"].endswith("got 'rleu'")


@pytest.mark.parametrize("raw", [[], {}, 3, True])
def test_a_slot_names_at_least_one_choice(raw: Any) -> None:
    assert "must name at least one choice" in problems_of({"architecture": raw})["architecture"]


def test_a_choice_named_twice_is_refused() -> None:
    assert "names 'mlp' 2 times" in problems_of({"architecture": ["mlp", {"mlp": {"depth": 3}}]})["architecture"]


def test_settings_are_a_mapping() -> None:
    assert problems_of({"architecture": {"mlp": 3}}) == {"architecture.mlp": "must be a mapping of settings, got 3"}
    assert problems_of({"training": 32}) == {"training": "must be a mapping of settings, got 32"}


def test_conditions_say_beside_which_choice_a_setting_exists() -> None:
    space = Space.read({"architecture": {"mlp": {"width": [8, 16]}}, "optimizer": ["sgd", "adamw"], "training": {}})
    conditions = space.conditions()
    assert conditions["optimizer.sgd.momentum"] == [("optimizer", ("sgd",))]
    assert conditions["optimizer.adamw.lr"] == [("optimizer", ("adamw",))]
    assert conditions.keys() == {name for name in space.parameters() if name.startswith("optimizer.")}
    assert Space.read({"optimizer": "sgd"}).conditions() == {}
