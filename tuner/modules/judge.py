"""What judges generated images: a classifier that learned from the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.architectures.convnet import Convnet
from search_spaces.data import Data, Part

FEATURES = 64
STEPS = 600
BATCH = 64
RATE = 3e-3
SEED = 0
LEAST_SHARE = 0.02
"""A class with a smaller share of the generated images counts as missing."""

_JUDGES: dict[str, Judge] = {}


class Seen(NamedTuple):
    """What a judge sees in images: features [images, FEATURES], and each class's probability [images, classes]."""

    features: Tensor
    shares: Tensor


@dataclass(frozen=True)
class Judge:
    """A classifier, in two pieces.

    Attributes:
        body: Images to features.
        head: Features to classes.
    """

    body: nn.Module
    head: nn.Module

    @torch.no_grad()
    def see(self, x: Tensor) -> Seen:
        """What it sees in images [images, ...] of the data's numbers."""
        features = self.body.to(x.device)(x)
        return Seen(features, self.head.to(x.device)(features).softmax(1))


def judge_of(data: Data) -> Judge:
    """The judge of this data; it learns once a process, always the same, and leaves the random state as it was."""
    if data.digest not in _JUDGES:
        _JUDGES[data.digest] = _learned(data)
    return _JUDGES[data.digest]


def score(shares: Tensor) -> Tensor:
    """How clear and how varied images are (Salimans et al., NIPS 2016): from 1, all alike, to the number of classes.

    exp of the mean Kullback-Leibler divergence of an image's classes, [images, classes], from those of all images.
    """
    overall = shares.mean(0)
    return (torch.xlogy(shares, shares) - torch.xlogy(shares, overall)).sum(1).mean().exp()


def distance(first: Tensor, second: Tensor) -> Tensor:
    """Frechet distance of two sets of features, [images, FEATURES], as normal distributions (Heusel et al., 2017)."""
    if not (first.isfinite().all() and second.isfinite().all()):
        return torch.tensor(torch.nan)
    (mean, covariance), (other_mean, other) = (_moments(features) for features in (first, second))
    root = _root(covariance)
    both = torch.linalg.eigvalsh(root @ other @ root).clamp_min(0).sqrt().sum()
    apart = (mean - other_mean).square().sum() + covariance.trace() + other.trace() - 2 * both
    return apart.clamp_min(0).float()


def class_shares(shares: Tensor) -> Tensor:
    """The share of the images that each class is the likeliest of, [classes]."""
    return shares.argmax(1).bincount(minlength=shares.shape[1]) / len(shares)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    features = features.double()
    return features.mean(0), features.T.cov()


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def _learned(data: Data) -> Judge:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        body = nn.Sequential(Convnet(dropout=0.0).build(data.inputs, FEATURES), nn.ReLU())
        head = nn.Linear(FEATURES, data.outputs)
        _learn(nn.Sequential(body, head), data.train)
    for part in (body, head):
        part.eval().requires_grad_(False)
    return Judge(body, head)


def _learn(network: nn.Module, part: Part) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        chosen = torch.randint(len(part), (BATCH,))
        optimizer.zero_grad()
        F.cross_entropy(network(part.x[chosen]), part.y[chosen]).backward()
        optimizer.step()
        schedule.step()
