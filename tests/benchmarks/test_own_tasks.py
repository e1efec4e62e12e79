"""The tasks in `benchmarks/tasks`: full grids of trainings, each answered by its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from quality import tasks
from tasks import record

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "tasks"
LOADER = tasks.read(FOLDER)


@pytest.mark.parametrize("name", LOADER.names())
def test_a_configuration_is_answered_by_the_training_of_its_place_in_the_grid(name: str) -> None:
    family = record.FAMILIES[name.removeprefix(LOADER.PREFIX)]
    task = LOADER.load(name)
    with np.load(FOLDER / f"{name.removeprefix(LOADER.PREFIX)}.npz") as kept:
        assert len(kept["curves"]) == len(kept["seconds"]) == len(list(family.settings()))
        for index in (0, 17, len(kept["curves"]) - 1):
            setting = list(family.settings())[index]
            assert task.curve(setting) == pytest.approx(kept["curves"][index], nan_ok=True)
            assert task.cost(setting)[-1] == pytest.approx(kept["seconds"][index])


@pytest.mark.parametrize("name", LOADER.names())
def test_no_training_is_better_than_the_best_known_value_and_half_are_better_than_the_median(name: str) -> None:
    task = tasks.Task(name, LOADER.load(name))
    drawn = [task.losses(it) for it in task.recorded.sample(np.random.default_rng(0), 400)]
    assert np.nanmin(drawn) >= task._best
    assert np.mean([curve[-1] < task._median for curve in drawn]) == pytest.approx(0.5, abs=0.08)


def test_a_training_can_be_repeated() -> None:
    """One of the smallest, on another machine perhaps: the same data, network and order give the same values."""
    family = record.FAMILIES["cancer_mlp"]
    setting = {"lr": 6.4e-3, "width": 16, "depth": 1, "batch_size": 64, "dropout": 0.0, "optimizer": "adam"}
    with torch.random.fork_rng():
        curve, _ = record.trained(family, setting, family.data())
    assert curve == pytest.approx(LOADER.load("own/cancer_mlp").curve(setting), rel=1e-2)
