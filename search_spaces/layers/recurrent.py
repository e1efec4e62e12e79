"""Recurrent networks: what rnn, lstm and gru share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.layers.forecast import around_last
from search_spaces.layers.sequences import Reader, max_of, mean_of, turned
from search_spaces.shape import Kind, Shape

_POOL: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mean": mean_of, "max": max_of}


class RecurrentArchitecture(Architecture):
    """A network that reads a text or a series step by step; its subclasses choose the cell."""

    fits: ClassVar[tuple[Kind, ...]] = ("text", "series")

    hidden: Annotated[int, Between(32, 256, log=True, shapes=True), Field(ge=1)] = 128
    """Units of the state, in each direction."""
    layers: Annotated[int, Between(1, 3, shapes=True), Field(ge=1)] = 1
    """Recurrent layers, each reading the states of the one before."""
    bidirectional: Annotated[bool, Among(False, True, shapes=True)] = True
    """Read backwards as well, with a second state (Schuster & Paliwal, 1997)."""
    embedding: Annotated[int, Between(32, 256, log=True, shapes=True), Field(ge=1)] = 128
    """For text, features of a word; the channels of a series are read as they are."""
    dropout: Annotated[float, Between(0.0, 0.7), Field(ge=0, lt=1)] = 0.3
    """Share of features that are silenced in each training step: of words, between layers and before the head."""
    pooling: Annotated[Literal["last", "mean", "max"], Among("last", "mean", "max")] = "last"
    """Which state speaks for the whole: the last of each direction, the mean, or each feature's largest value."""
    relative: bool = False
    """For forecasts, read and predict differences from the window's last value (Zeng et al., AAAI 2023)."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Words or steps, the recurrent layers, pooling, a linear head; `inputs` is text or a series."""
        network = Recurrent(self, inputs, outputs)
        return around_last(network, inputs, outputs) if self.relative else network

    def cell(self, features: int) -> nn.RNNBase:
        """One layer in one direction: [batch, steps, features] -> [batch, steps, hidden]."""
        raise NotImplementedError


class Recurrent(nn.Module):
    """Tokens [batch, length] or a series [batch, steps, channels] in, [batch, outputs] out.

    Each direction is a layer of its own that reads every sequence from its own end, so that padding comes last for
    both and changes nothing. Unlike packed sequences, this can be traced by `torch.export`, and is no slower.

    Args:
        settings: Cell, sizes and dropout.
        inputs: What a sample is.
        outputs: Numbers a sample.
    """

    def __init__(self, settings: RecurrentArchitecture, inputs: Shape, outputs: int) -> None:
        super().__init__()
        self.reader = Reader(inputs, settings.embedding)
        features, directions = self.reader.features, 1 + settings.bidirectional
        layers = []
        for _ in range(settings.layers):
            layers.append(RecurrentLayer(settings, features))
            features = settings.hidden * directions
        self.layers = nn.ModuleList(layers)
        self.pool = _POOL[settings.pooling] if settings.pooling != "last" else partial(last_of, hidden=settings.hidden)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(features, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """The outputs, [batch, outputs]."""
        states, lengths = self.reader(x)
        for place, layer in enumerate(self.layers):
            if place > 0 or self.reader.is_text:
                states = self.dropout(states)
            states = layer(states, lengths)
        outputs: Tensor = self.head(self.dropout(self.pool(states, lengths)))
        return outputs


class RecurrentLayer(nn.Module):
    """One recurrent layer in one direction or both: [batch, steps, features] -> [batch, steps, hidden * directions]."""

    def __init__(self, settings: RecurrentArchitecture, features: int) -> None:
        super().__init__()
        self.ahead = settings.cell(features)
        self.back = settings.cell(features) if settings.bidirectional else None

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The states of all steps; those of padding mean nothing."""
        ahead: Tensor = self.ahead(x)[0]
        if self.back is None:
            return ahead
        back = turned(self.back(turned(x, lengths))[0], lengths)
        return torch.cat([ahead, back], dim=-1)


def last_of(states: Tensor, lengths: Tensor, hidden: int) -> Tensor:
    """The state after the last real step, and of the backward direction the one after the first step."""
    ends = (lengths - 1)[:, None, None].expand(-1, 1, hidden)
    last = states[:, :, :hidden].gather(1, ends).squeeze(1)
    return torch.cat([last, states[:, 0, hidden:]], dim=-1)
