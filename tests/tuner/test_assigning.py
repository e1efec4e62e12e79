from typing import Any

import pytest

from tuner import SweepSpec
from tuner.assigning import trial_seed
from tuner.errors import SpecError


def a_spec(**changed: Any) -> SweepSpec:
    return SweepSpec.read({"dataset": "digits", "architecture": "linear", "searcher": "random", **changed})


def test_every_trial_has_a_seed_of_its_own() -> None:
    assert len({trial_seed(a_spec(), number) for number in range(100)}) == 100
    assert trial_seed(a_spec(), 3) != trial_seed(a_spec(seed=1), 3)


def test_the_same_repeat_of_each_point_has_the_same_seed() -> None:
    spec = a_spec(repeats=3, budget={"trials": 6})
    seeds = [trial_seed(spec, number) for number in range(6)]
    assert seeds[:3] == seeds[3:]
    assert len(set(seeds)) == 3


def test_a_space_of_few_points_has_as_many_trials_as_points_times_repeats() -> None:
    fixed = {"optimizer": {"sgd": {"lr": [0.1, 0.2], "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}}}
    fixed["training"] = {"batch_size": 64}
    assert a_spec(**fixed, budget={"trials": 50}).trials == 2
    assert a_spec(**fixed, repeats=5, budget={"trials": 50}).trials == 10


def test_points_that_do_not_fit_the_budget_with_their_repeats_are_refused() -> None:
    points = {"points": [{"optimizer.adamw.lr": 0.01}], "repeats": 4, "budget": {"trials": 3}}
    with pytest.raises(SpecError, match=r"has 1 points, each 4 times, but budget.trials is 3: raise it to 4"):
        a_spec(**points)


def test_repeats_are_told_only_where_there_are_any() -> None:
    assert "repeats" not in a_spec().describe()
    assert a_spec(repeats=2, budget={"trials": 4}).describe()["repeats"] == 2
