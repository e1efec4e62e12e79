"""The settings of training do what their sentences say: compared with the same training written out in plain torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from search_spaces.space import realise
from tracking.records import Objective, Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.building import build_module
from tuner.datasets import read_data
from tuner.every_epoch import seed_everything
from tuner.seeds import seed_of

SEED = 3


def assignment(folder: Path, epochs: int = 1, **training: Any) -> Assignment:
    choices = {
        "dataset": {"name": "digits"},
        "architecture": {"name": "linear"},
        "loss": {"name": "cross_entropy"},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0},
        "lr_schedule": {"name": "constant"},
        "augmentation": {"name": "none"},
        "training": {"name": "training", "batch_size": 64, **training},
    }
    return Assignment(0, choices, SEED, epochs, folder, Objective("val/loss", "min"))


def trained(folder: Path, epochs: int = 1, **training: Any) -> tuple[Mapping[str, torch.Tensor], list[Report]]:
    reports: list[Report] = []
    trial.run(assignment(folder, epochs, **training), lambda report: reports.append(report) or True)
    kept = reports[-1].checkpoint
    assert kept is not None
    return trial.load(kept)["state_dict"], reports


def by_hand(
    folder: Path, *, l1: float = 0.0, clip: float = 0.0, accumulate: int = 1, average: float = 0.0
) -> nn.Module:
    """One epoch in plain torch: the same first weights, the same batches, SGD at 0.1."""
    told = assignment(folder)
    seed_everything(seed_of(SEED, "weights"))
    network = build_module(told).network
    assert isinstance(network, nn.Module)
    data = read_data(told.choices["dataset"]).train
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed_of(SEED, "order", 0)))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    batches = order.split(64)
    kept: list[torch.Tensor] = []
    for number, chosen in enumerate(batches, start=1):
        loss = nn.functional.cross_entropy(network(data.x[chosen]), data.y[chosen])
        loss = loss + l1 * sum(weights.abs().sum() for weights in network.parameters())
        (loss / accumulate).backward()
        if number % accumulate == 0 or number == len(batches):
            if clip:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
            optimizer.zero_grad()
            # the average begins with the weights after the first step
            kept = (
                [
                    average * old + (1 - average) * new.detach()
                    for old, new in zip(kept, network.parameters(), strict=True)
                ]
                if kept
                else [weights.detach().clone() for weights in network.parameters()]
            )
    if average:
        nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(kept), network.parameters())
    return network


@pytest.mark.parametrize("settings", [{}, {"l1": 0.01}, {"clip": 0.05}, {"accumulate": 4}, {"average": 0.9}], ids=str)
def test_an_epoch_is_that_of_plain_torch(tmp_path: Path, settings: dict[str, Any]) -> None:
    weights, _ = trained(tmp_path, **settings)
    for name, value in by_hand(tmp_path / "other", **settings).state_dict().items():
        torch.testing.assert_close(weights[f"network.{name}"], value, rtol=1e-5, atol=1e-6)


def test_averaged_weights_are_judged_and_kept(tmp_path: Path) -> None:
    averaged, reports = trained(tmp_path / "a", average=0.99)
    module = build_module(assignment(tmp_path))
    module.load_state_dict(dict(averaged))
    data = read_data({"name": "digits", "validation": 0.15, "test": 0.15, "split_seed": 0}).validation
    loss = nn.functional.cross_entropy(module.network.eval()(data.x), data.y)
    assert reports[-1].metrics["val/loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_averaging_goes_on_after_a_stop_as_if_there_had_been_none(tmp_path: Path) -> None:
    whole, _ = trained(tmp_path / "whole", epochs=3, average=0.9)
    trial.run(assignment(tmp_path / "cut", 3, average=0.9), lambda report: report.step < 2)
    resumed, _ = trained(tmp_path / "cut", epochs=3, average=0.9)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_bfloat16_trains_and_keeps_weights_in_32_bits(tmp_path: Path) -> None:
    weights, reports = trained(tmp_path, precision="bf16")
    plain, _ = trained(tmp_path / "plain")
    assert weights["network.1.weight"].dtype == torch.float32
    assert not torch.equal(weights["network.1.weight"], plain["network.1.weight"])
    assert reports[-1].metrics["val/accuracy"] > 0.8


def test_patience_ends_training_once_nothing_gets_better(tmp_path: Path) -> None:
    told = assignment(tmp_path, 30, patience=2)
    choices = {**told.choices, "optimizer": {"name": "sgd", "lr": 50.0, "momentum": 0.0, "weight_decay": 0.0}}
    reports: list[Report] = []
    changed = Assignment(**{**told.__dict__, "choices": choices})
    trial.run(changed, lambda report: reports.append(report) or True)
    losses = [report.metrics["val/loss"] for report in reports]
    best = losses.index(min(losses)) + 1
    assert len(reports) == best + 2 < 30


def test_perplexity_is_the_exponential_of_the_cross_entropy(tmp_path: Path) -> None:
    _, reports = trained(tmp_path)
    metrics = reports[-1].metrics
    assert metrics["val/perplexity"] == pytest.approx(float(torch.tensor(metrics["val/loss"]).exp()), rel=1e-5)


def test_a_choice_of_training_is_plain_data(tmp_path: Path) -> None:
    described = realise("training", {"name": "training", "clip": 1.0}).describe()
    assert realise("training", described).describe() == described
