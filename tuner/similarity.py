"""How like the parent's data new data is, measured: what the parent's features are worth beside learning afresh.

Two small trainings on the new training part are judged on its validation part: a linear probe, which is a head over the
parent's features as they are (Alain and Bengio, Understanding intermediate layers using linear classifier probes, ICLR
2017 workshop), and the whole network from fresh weights. Features that serve as well as what the data themselves can
teach come from like data (Yosinski et al., NIPS 2014, compare just so). The test part is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.blocks import blocks_of, head_of
from search_spaces.choice import Architecture
from search_spaces.data import Data, Part, Task
from tuner.weights import Weights

STEPS = 400
"""Of the short training from fresh weights, and of the probe."""
BATCH = 64
RATE = 3e-3
"""Of Adam, falling along half a cosine: no search is worth its time here, and networks of any depth learn with it."""
SAMPLES = 2_000
"""So many of a part at most: the question is which of two is better, by far or not."""


@dataclass(frozen=True)
class Similarity:
    """What was found on the validation part; shares of correct answers, or of variance for numbers.

    Attributes:
        chance: Of always giving the commonest answer.
        probe: Of a head over the parent's features.
        scratch: Of the whole network, trained briefly from fresh weights.
    """

    chance: float
    probe: float
    scratch: float

    @property
    def high(self) -> bool:
        """Whether the parent's features are worth at least what the data alone teach, and more than chance."""
        return self.probe >= self.scratch and self.probe > self.chance

    @property
    def none(self) -> bool:
        """Whether the parent's features tell nothing about the new data."""
        return self.probe <= self.chance

    def __str__(self) -> str:
        return (
            f"a linear probe on the parent's features reaches {self.probe:.3f} on the validation part, "
            f"chance {self.chance:.3f}, a short training from fresh weights {self.scratch:.3f}"
        )


def similarity(architecture: Architecture, weights: Weights, data: Data, seed: int) -> Similarity:
    """Measure; the random state is left as it was.

    Args:
        architecture: The parent's.
        weights: Its weights, as far as they are taken over.
        data: The new data.
        seed: Of the fresh weights, and of the order of samples.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        train, held_out = (_some(part, SAMPLES) for part in (data.train, data.validation))
        network = architecture.build(data.inputs, data.outputs)
        fresh = {name: value.clone() for name, value in network.state_dict().items()}
        network.load_state_dict(weights, strict=False)
        head = head_of(architecture, data.inputs, data.outputs)
        seen = [_features(network, head, part) for part in (train, held_out)]
        probe = _probe(seen[0].x.shape[1], data.outputs)
        _learn(probe, seen[0], data.task)
        network.load_state_dict(fresh)
        _learn(network, train, data.task)
        worth = [_worth(module, part, data.task) for module, part in ((probe, seen[1]), (network, held_out))]
    return Similarity(_chance(train.y, held_out.y, data.task), *worth)


def _probe(features: int, outputs: int) -> nn.Module:
    # Features of any size are brought to one: the rate of learning then suits them all.
    return nn.Sequential(nn.BatchNorm1d(features, affine=False), nn.Linear(features, outputs))


def _features(network: nn.Module, head: frozenset[str], part: Part) -> Part:
    """What enters the head, [samples, features]."""
    found: list[Tensor] = []
    [entry, *_] = blocks_of(network, head)[0].modules.values()
    with _listening(entry, found), torch.no_grad():
        network.eval()
        for x in part.x.split(1024):
            network(x)
    return Part(torch.cat(found), part.y)


@contextmanager
def _listening(module: nn.Module, found: list[Tensor]) -> Iterator[None]:
    handle = module.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0].flatten(1).float()))
    try:
        yield
    finally:
        handle.remove()


def _learn(network: nn.Module, part: Part, task: Task) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    network.train()
    for _ in range(STEPS):
        chosen = torch.randint(len(part), (min(BATCH, max(2, len(part))),))
        optimizer.zero_grad()
        _loss(network(part.x[chosen]), part.y[chosen], task).backward()
        optimizer.step()
        schedule.step()


def _loss(outputs: Tensor, y: Tensor, task: Task) -> Tensor:
    if task == "classification":
        return F.cross_entropy(outputs, y)
    wanted = y.reshape(outputs.shape)
    return F.binary_cross_entropy_with_logits(outputs, wanted) if task == "multilabel" else F.mse_loss(outputs, wanted)


@torch.no_grad()
def _worth(network: nn.Module, part: Part, task: Task) -> float:
    network.eval()
    outputs = torch.cat([network(x) for x in part.x.split(1024)])
    if task == "classification":
        return float((outputs.argmax(1) == part.y).float().mean())
    y = part.y.reshape(outputs.shape)
    if task == "multilabel":
        return float(((outputs > 0) == (y > 0.5)).float().mean())
    return float(1 - (outputs - y).square().mean() / (y - y.mean(0)).square().mean().clamp_min(1e-12))


def _chance(given: Tensor, asked: Tensor, task: Task) -> float:
    if task == "classification":
        return float((asked == given.bincount().argmax()).float().mean())
    if task == "multilabel":
        return float(((given.mean(0) > 0.5) == (asked > 0.5)).float().mean())
    return 0.0


def _some(part: Part, count: int) -> Part:
    if len(part) <= count:
        return part
    chosen = torch.randperm(len(part))[:count].sort().values
    return Part(part.x[chosen], part.y[chosen])
