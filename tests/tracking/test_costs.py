import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tracking import spool
from tracking.costs import best_at, best_by_architecture, reports
from tracking.records import Objective, Report, State, SweepRecord, TrialRecord
from tracking.versus import versus

NAN = math.nan


def a_trial(
    folder: Path,
    number: int,
    curve: Mapping[int, float],
    order: list[int],
    architecture: str = "mlp",
    state: State = State.COMPLETE,
) -> TrialRecord:
    """A trial with its spool: two seconds an epoch."""
    own = folder / str(number)
    own.mkdir(parents=True)
    for (step, value), place in zip(curve.items(), order, strict=True):
        spool.append(own, Report(step, {"val/accuracy": value}, 2.0 * step), place)
    choices = {"architecture": {"name": architecture}}
    return TrialRecord(number, state, {}, choices, curve, folder=own, seconds=2.0 * max(curve))


def a_sweep(*trials: TrialRecord, name: str = "digits", **facts: Any) -> SweepRecord:
    return SweepRecord(name, Path(name), Objective("val/accuracy"), facts.pop("spec", {}), trials, attributes=facts)


@pytest.fixture
def mixed(tmp_path: Path) -> SweepRecord:
    """In turn: mlp 0.5, linear 0.4, mlp 0.8 (its second epoch), linear 0.6, and a failed linear with 0.9."""
    return a_sweep(
        a_trial(tmp_path, 0, {1: 0.5, 2: 0.8}, [0, 2]),
        a_trial(tmp_path, 1, {1: 0.4, 2: 0.6}, [1, 3], "linear"),
        a_trial(tmp_path, 2, {1: 0.9}, [4], "linear", State.FAIL),
    )


def test_costs_add_up_in_the_order_of_the_reports(mixed: SweepRecord) -> None:
    found = reports(mixed)
    assert found["trial"].tolist() == [0, 1, 0, 1, 2]
    assert found["epochs"].tolist() == [1, 2, 3, 4, 5]
    assert found["seconds"].tolist() == [2.0, 4.0, 6.0, 8.0, 10.0]
    assert found["value"].tolist()[:4] == [0.5, 0.4, 0.8, 0.6]
    assert math.isnan(found["value"].iloc[4])  # a failed trial costs, and finds nothing


def test_the_best_by_a_cost_is_what_had_come_by_then(mixed: SweepRecord) -> None:
    history = reports(mixed)
    assert best_at(history, "epochs", [1, 2.5, 3, 100], more_is_better=True) == [0.5, 0.5, 0.8, 0.8]
    assert best_at(history, "seconds", [4.0], more_is_better=False) == [0.4]
    assert math.isnan(best_at(history, "epochs", [0.5], more_is_better=True)[0])


def test_architectures_are_compared_at_the_cost_that_all_have_had(tmp_path: Path) -> None:
    # The mlp has 3 epochs, 0.9 in the last of them; linear has 2: after 2 each, linear is ahead.
    sweep = a_sweep(
        a_trial(tmp_path, 0, {1: 0.5, 2: 0.6, 3: 0.9}, [0, 2, 4]),
        a_trial(tmp_path, 1, {1: 0.4, 2: 0.7}, [1, 3], "linear"),
    )
    rows = best_by_architecture(sweep).to_numpy().tolist()
    assert rows == [["linear", 1, 2, 2, 0.7, 0.7], ["mlp", 1, 3, 2, 0.6, 0.9]]
    assert best_by_architecture(a_sweep()).empty


def test_sweeps_side_by_side_at_the_cost_that_both_spent(tmp_path: Path) -> None:
    one = a_sweep(a_trial(tmp_path / "a", 0, {1: 0.5, 2: 0.6, 3: 0.9}, [0, 1, 2]), name="a", spec={"seed": 0, "x": 1})
    other = a_sweep(a_trial(tmp_path / "b", 0, {1: 0.7, 2: 0.6}, [0, 1]), name="b", spec={"seed": 1, "x": 1})
    found = versus([one, other])
    epochs = found.costs[found.costs["unit"] == "epochs"]
    assert epochs[["cost", "a", "b"]].to_numpy().tolist() == [[1.0, 0.5, 0.7], [2.0, 0.6, 0.7]]
    seconds = found.costs[found.costs["unit"] == "seconds"]
    assert seconds["cost"].iloc[-1] == 4.0
    assert found.facts[["sweep", "trials", "epochs", "best"]].to_numpy().tolist() == [
        ["a", 1, 3, 0.9],
        ["b", 1, 2, 0.7],
    ]
    assert found.differences.to_numpy().tolist() == [["seed", "0", "1"]]
    assert found.comparable


def test_other_data_or_other_code_is_among_the_differences(tmp_path: Path) -> None:
    made = [{"packages": {"torch": version}, "git": {"commit": "c1"}} for version in ("2.12.0", "2.13.0")]
    sweeps = [
        a_sweep(a_trial(tmp_path / name, 0, {1: 0.5}, [0]), name=name, data={"digits": digest}, made_with=it)
        for name, digest, it in zip("ab", ("d1", "d2"), made, strict=True)
    ]
    found = versus(sweeps)
    assert found.differences.to_numpy().tolist() == [
        ["data.digits", "d1", "d2"],
        ["packages.torch", "2.12.0", "2.13.0"],
    ]
    assert not found.comparable


def test_repeated_seeds_give_an_interval(tmp_path: Path) -> None:
    trials = [a_trial(tmp_path, number, {1: value}, [number]) for number, value in enumerate([0.5, 0.6, 0.7])]
    row = versus([a_sweep(*trials, name="a", spec={"repeats": 3}), a_sweep(name="b")]).facts.iloc[0]
    assert row["mean"] == pytest.approx(0.6)
    assert row["low"] == pytest.approx(0.6 - 4.302653 * 0.1 / 3**0.5)
    assert row["seeds"] == 3
