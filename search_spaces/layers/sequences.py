"""What reading sequences of different lengths needs: tokens are filled up at the end with 0, the padding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from search_spaces.shape import Shape


def lengths_of(tokens: Tensor) -> Tensor:
    """How many tokens of each text are real, [batch]; an empty text counts one, so that every text has a state."""
    return (tokens != 0).sum(1).clamp_min(1)


def trimmed(tokens: Tensor) -> Tensor:
    """The batch without the columns in which no text has a token; whole while torch.export traces."""
    return tokens if torch.compiler.is_exporting() else tokens[:, : int(lengths_of(tokens).max())]


def real_steps(lengths: Tensor, steps: int) -> Tensor:
    """Which steps are no padding, [batch, steps]."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def turned(x: Tensor, lengths: Tensor) -> Tensor:
    """Each sequence back to front, its padding still at the end; x is [batch, steps, features]."""
    steps = torch.arange(x.shape[1], device=x.device)
    index = torch.where(real_steps(lengths, x.shape[1]), lengths[:, None] - 1 - steps, steps)
    return x.gather(1, index[:, :, None].expand_as(x))


def mean_of(states: Tensor, lengths: Tensor) -> Tensor:
    """The mean over the real steps: [batch, steps, features] -> [batch, features]."""
    real = real_steps(lengths, states.shape[1])[:, :, None]
    return (states * real).sum(1) / lengths[:, None]


def max_of(states: Tensor, lengths: Tensor) -> Tensor:
    """Each feature's largest value over the real steps: [batch, steps, features] -> [batch, features]."""
    real = real_steps(lengths, states.shape[1])[:, :, None]
    return states.masked_fill(~real, -torch.inf).amax(1)


class Reader(nn.Module):
    """Samples in, features of each step out, with how many steps are real.

    Tokens become learned vectors of `width` features. The steps of a series are taken as they are, or mapped to `width`
    features by one linear layer if `project` is set. Words start small: drawn with torch's deviation of 1, a network
    learns a small set of texts by heart, and judges new ones worse.

    Args:
        inputs: What a sample is: text or series.
        width: Features of a token.
        project: Whether a series is mapped too.
        deviation: The standard deviation of a token's first features.
    """

    def __init__(self, inputs: Shape, width: int, project: bool = False, deviation: float = 0.1) -> None:
        super().__init__()
        self.is_text = inputs.kind == "text"
        self.features = width if self.is_text or project else inputs[-1]
        if self.is_text:
            self.features_of: nn.Module = _embedding(int(inputs.vocabulary or 0), width, deviation)
        else:
            self.features_of = nn.Linear(inputs[-1], width) if project else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features [batch, steps, features], lengths [batch]."""
        if self.is_text:
            x = trimmed(x)
            return self.features_of(x), lengths_of(x)
        return self.features_of(x), torch.full((x.shape[0],), x.shape[1], device=x.device)


def _embedding(vocabulary: int, width: int, deviation: float) -> nn.Embedding:
    embedding = nn.Embedding(vocabulary, width, padding_idx=0)
    with torch.no_grad():
        embedding.weight *= deviation
    return embedding
