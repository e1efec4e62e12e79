"""Training block by block, in whole trials: what is frozen stays, and an interrupted trial ends as a whole one."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from search_spaces import plugins
from search_spaces.space import realise
from tracking.records import CheckpointRef, Objective, Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.building import build_module
from tuner.weights import keep

OPTIMIZERS = plugins.names("search_spaces.optimizers")
EPOCHS = 4


def assignment(folder: Path, transfer: dict[str, Any], **others: Any) -> Assignment:
    """A convnet of three blocks, two of them with a batch norm, on a few digits."""
    choices = {
        "dataset": {"name": "digits", "classes": "5,6,7,8,9", "per_class": 16},
        "architecture": {"name": "convnet", "channels": 4, "blocks": 2},
        "loss": {"name": "cross_entropy"},
        "optimizer": {"name": others.pop("optimizer", "adamw")},
        "lr_schedule": {"name": others.pop("lr_schedule", "cosine")},
        "augmentation": {"name": "none"},
        "training": {"name": "training", "batch_size": 32, **others.pop("training", {})},
        "transfer": transfer,
    }
    choices = {slot: realise(slot, choice).describe() for slot, choice in choices.items()}
    return Assignment(0, choices, 5, EPOCHS, folder, Objective("val/loss", "min"), **others)


def run(it: Assignment, last: int = EPOCHS) -> list[Report]:
    reports: list[Report] = []

    def keep(report: Report) -> bool:
        reports.append(report)
        return report.step < last

    trial.run(it, keep)
    return reports


def weights(report: Report) -> dict[str, Tensor]:
    assert report.checkpoint is not None
    return network_of(report.checkpoint)


def network_of(checkpoint: CheckpointRef) -> dict[str, Tensor]:
    found = trial.load(checkpoint)["state_dict"]
    return {name.removeprefix("network."): value for name, value in found.items()}


@pytest.fixture
def given(tmp_path: Path) -> str:
    """A parent's weights without the head, as a sweep keeps them."""
    torch.manual_seed(1)
    network = build_module(assignment(tmp_path, {"name": "scratch"})).network.state_dict()
    head = max(int(name.split(".")[0]) for name in network)
    body = {name: value for name, value in network.items() if not name.startswith(f"{head}.")}
    return str(keep(body, tmp_path / "sweep"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_unfreezing_that_is_interrupted_goes_on_bit_by_bit(tmp_path: Path, given: str, optimizer: str) -> None:
    unfreeze = {"name": "gradual_unfreeze", "until": 0.75}
    whole = run(assignment(tmp_path / "whole", unfreeze, optimizer=optimizer, start_from=given))
    halves = assignment(tmp_path / "halves", unfreeze, optimizer=optimizer, start_from=given)
    run(halves, last=2)
    again = run(halves)
    first, second = weights(whole[-1]), weights(again[-1])
    assert [report.step for report in again] == [2, 3, 4]
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_schedule_by_plateaus_and_an_average_of_weights_go_on_bit_by_bit(tmp_path: Path, given: str) -> None:
    unfreeze = {"name": "gradual_unfreeze", "until": 0.75}
    how: dict[str, Any] = {"lr_schedule": "reduce_on_plateau", "training": {"average": 0.9, "clip": 1.0}}
    whole = run(assignment(tmp_path / "whole", unfreeze, start_from=given, **how))
    halves = assignment(tmp_path / "halves", unfreeze, start_from=given, **how)
    run(halves, last=2)
    second = weights(run(halves)[-1])
    assert all(torch.equal(value, second[name]) for name, value in weights(whole[-1]).items())


def test_a_feature_extractor_keeps_the_parents_weights_and_batch_statistics(tmp_path: Path, given: str) -> None:
    after = weights(run(assignment(tmp_path, {"name": "feature_extractor"}, start_from=given))[-1])
    before = torch.load(given, weights_only=True)
    assert any("running_mean" in name for name in before)
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_full_moves_everything_from_the_parents_weights(tmp_path: Path, given: str) -> None:
    after = weights(run(assignment(tmp_path, {"name": "full"}, start_from=given), last=1)[-1])
    before = torch.load(given, weights_only=True)
    moved = {name: (after[name] - value).abs().max() for name, value in before.items() if value.is_floating_point()}
    assert all(0 < change < 0.5 for name, change in moved.items() if "running" not in name)


def test_from_scratch_is_a_training_without_a_parent(tmp_path: Path, given: str) -> None:
    with_one = run(assignment(tmp_path / "with", {"name": "scratch"}, start_from=given))
    without = run(assignment(tmp_path / "without", {"name": "scratch"}))
    assert all(torch.equal(value, weights(without[-1])[name]) for name, value in weights(with_one[-1]).items())


def test_the_reported_rate_is_the_heads(tmp_path: Path, given: str) -> None:
    settings = {"transfer": {"name": "full", "lowest": 0.1}, "lr_schedule": "constant"}
    reports = run(assignment(tmp_path, settings.pop("transfer"), start_from=given, **settings))
    assert reports[0].metrics["lr"] == pytest.approx(1e-3)  # AdamW's default


def test_a_parents_weights_that_were_damaged_are_not_trained_with(tmp_path: Path, given: str) -> None:
    content = bytearray(Path(given).read_bytes())
    content[len(content) // 2] ^= 1
    Path(given).write_bytes(content)
    with pytest.raises(Exception, match="the parent's weights are damaged or gone"):
        run(assignment(tmp_path, {"name": "full"}, start_from=given))
