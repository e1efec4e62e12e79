"""The transformer's encoder: attention, positions, blocks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.activations import activation


class SelfAttention(nn.Module):
    """Multi-head self-attention: every step looks at all real steps (Vaswani et al., NeurIPS 2017).

    Args:
        width: Features of a step, a multiple of `heads`.
        heads: How many attentions side by side, each on its own share of the features.
        dropout: Share of attention weights that are silenced in each training step.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.inward = nn.Linear(width, 3 * width)
        self.outward = nn.Linear(width, width)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """x [batch, steps, width] -> the same shape; `real` [batch, steps] marks the steps that are no padding."""
        queries, keys, values = self.inward(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        mask = None if real is None else real[:, None, None, :]
        seen = F.scaled_dot_product_attention(queries, keys, values, mask, dropout)
        outward: Tensor = self.outward(seen.transpose(1, 2).flatten(2))
        return outward


class EncoderBlock(nn.Module):
    """Attention, then two layers on each step, each beside a shortcut.

    Args:
        width: Features of a step.
        heads: Attention heads.
        hidden: Units between the two layers.
        dropout: Share of features that are silenced in each training step.
        norm_first: Normalise what enters each branch (Xiong et al., ICML 2020) instead of each sum.
        between: The activation between the two layers.
    """

    def __init__(  # noqa: PLR0913, PLR0917 (what a block is made of)
        self, width: int, heads: int, hidden: int, dropout: float, norm_first: bool, between: str
    ) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads, dropout)
        self.steps = nn.Sequential(
            nn.Linear(width, hidden), activation(between), nn.Dropout(dropout), nn.Linear(hidden, width)
        )
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """x [batch, steps, width] -> the same shape."""
        first, second = self.norms
        if self.norm_first:
            x = x + self.dropout(self.attention(first(x), real))
            return x + self.dropout(self.steps(second(x)))
        x = first(x + self.dropout(self.attention(x, real)))
        after: Tensor = second(x + self.dropout(self.steps(x)))
        return after


def positions(steps: int, width: int) -> Tensor:
    """Sine and cosine of each step at `width` / 2 wavelengths, from 2 pi to 20,000 pi steps: [steps, width]."""
    wavelengths = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
    angles = torch.arange(steps)[:, None] * wavelengths
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]
