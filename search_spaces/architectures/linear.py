"""A linear network."""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.choice import Architecture
from search_spaces.layers.forecast import around_last, forecasts, require_forecast
from search_spaces.layers.sequences import lengths_of
from search_spaces.shape import Kind, Shape

TREND_STEPS = 25
"""Steps of the moving average, as in the paper."""


class Linear(Architecture):
    """One linear layer: the baseline that everything else must beat.

    - image, vector: over all numbers of a sample (softmax regression, least squares)
    - text: a score for each word, averaged over the words of a text
    - series, forecasting all its channels: along time, the same for every channel (Zeng et al., AAAI 2023, whose
      linear models beat the transformers of their day); any other outputs: over all numbers of a sample
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image", "vector", "text", "series")

    decomposition: bool = False
    """For forecasts, split off the trend by a moving average over 25 steps and map it by itself ("DLinear")."""
    relative: bool = False
    """For forecasts, read and predict differences from the window's last value ("NLinear")."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """The layer that suits `inputs`; for a series `outputs` is horizon * channels."""
        if self.decomposition:
            require_forecast("decomposition", inputs, outputs)
        network = self._layer(inputs, outputs)
        return around_last(network, inputs, outputs) if self.relative else network

    def _layer(self, inputs: Shape, outputs: int) -> nn.Module:
        if inputs.kind == "text":
            return _WordScores(int(inputs.vocabulary or 0), outputs)
        if forecasts(inputs, outputs):
            return _AlongTime(inputs[0], outputs // inputs[1], self.decomposition)
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(inputs), outputs))


class _WordScores(nn.Module):
    """Token numbers [batch, length] -> [batch, outputs]."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.scores = nn.Embedding(vocabulary, outputs, padding_idx=0)
        self.bias = nn.Parameter(self.scores.weight.new_zeros(outputs))
        nn.init.zeros_(self.scores.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        mean: Tensor = self.scores(tokens).sum(1) / lengths_of(tokens)[:, None]
        return mean + self.bias


class _AlongTime(nn.Module):
    """[batch, steps, channels] -> [batch, horizon * channels]."""

    def __init__(self, steps: int, horizon: int, decomposition: bool) -> None:
        super().__init__()
        self.rest = nn.Linear(steps, horizon)
        self.trend = nn.Linear(steps, horizon) if decomposition else None

    def forward(self, x: Tensor) -> Tensor:
        rows = x.transpose(1, 2)
        if self.trend is None:
            ahead: Tensor = self.rest(rows)
        else:
            trend = _moving_average(rows)
            ahead = self.trend(trend) + self.rest(rows - trend)
        return ahead.transpose(1, 2).flatten(1)


def _moving_average(rows: Tensor) -> Tensor:
    """Of the steps around each step, the ends repeated outwards; rows is [batch, channels, steps]."""
    half = TREND_STEPS // 2
    return F.avg_pool1d(F.pad(rows, (half, half), mode="replicate"), TREND_STEPS, stride=1)
