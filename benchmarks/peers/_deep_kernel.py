"""A Gaussian process whose kernel sees a network's features of configuration, epoch and learning curve so far.

Wistuba, Kadra and Grabocka (NeurIPS 2022), section 4.2: the configuration and the epoch go through a layer, the curve
through a convolution whose largest value counts, both together through a second layer; a squared-exponential kernel
compares what comes out. Network and kernel are fitted together to the marginal likelihood.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as f

CHANNELS, KERNEL, WIDTHS, RATE = 4, 3, (64, 128), 1e-3
LEAST_NOISE = 1e-4


class Points(NamedTuple):
    """What the network sees.

    Attributes:
        x: Configurations, shape [points, features].
        epoch: Epochs as shares of a full training, shape [points, 1].
        curve: The scores before that epoch, zeros behind them, shape [points, epochs].
    """

    x: Tensor
    epoch: Tensor
    curve: Tensor


class DeepKernel(nn.Module):
    """The network, and the Gaussian process on its features.

    Args:
        width: How many features a configuration has.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(width + 1, WIDTHS[0]), nn.BatchNorm1d(WIDTHS[0]), nn.LeakyReLU())
        self.convolution = nn.Conv1d(1, CHANNELS, KERNEL)
        self.second = nn.Sequential(nn.Linear(WIDTHS[0] + CHANNELS, WIDTHS[1]), nn.LeakyReLU())
        self.mean = nn.Parameter(torch.zeros(()))
        self.length, self.scale, self.noise = (nn.Parameter(torch.zeros(())) for _ in range(3))

    def fit(self, points: Points, scores: Tensor, epochs: int) -> None:
        """So many steps of Adam on the whole data; scores have shape [points]."""
        optimizer = torch.optim.Adam(self.parameters(), lr=RATE)
        self.train()
        for _ in range(epochs):
            optimizer.zero_grad()
            loss = self._loss(self._project(points), scores)
            loss.backward()
            optimizer.step()

    @torch.no_grad()
    def predict(self, seen: Points, scores: Tensor, asked: Points) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of a new observation at each point asked for, each of shape [asked]."""
        self.eval()
        known, new = self._project(seen), self._project(asked)
        root = self._root(known)
        cross = self._kernel(known, new)
        mean = self.mean + cross.T @ torch.cholesky_solve((scores - self.mean)[:, None], root)[:, 0]
        explained = torch.linalg.solve_triangular(root, cross, upper=False).square().sum(0)
        return mean, (f.softplus(self.scale) - explained).clamp_min(1e-10).add(self._noise()).sqrt()

    def _project(self, points: Points) -> Tensor:
        features = self.first(torch.cat([points.x, points.epoch], 1))
        shape = self.convolution(points.curve[:, None, :]).amax(2)
        found: Tensor = self.second(torch.cat([features, shape], 1))
        return found

    def _kernel(self, a: Tensor, b: Tensor) -> Tensor:
        squared = (a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T).clamp_min(0)
        return f.softplus(self.scale) * torch.exp(-0.5 * squared / f.softplus(self.length) ** 2)

    def _noise(self) -> Tensor:
        return f.softplus(self.noise) + LEAST_NOISE

    def _root(self, known: Tensor) -> Tensor:
        return torch.linalg.cholesky(self._kernel(known, known) + self._noise() * torch.eye(len(known)))

    def _loss(self, known: Tensor, scores: Tensor) -> Tensor:
        """The negative log marginal likelihood a point."""
        root, left = self._root(known), (scores - self.mean)[:, None]
        fit = 0.5 * (left * torch.cholesky_solve(left, root)).sum() + root.diagonal().log().sum()
        return fit / len(scores) + 0.5 * math.log(2 * math.pi)
