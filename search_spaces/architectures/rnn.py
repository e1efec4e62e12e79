"""A simple recurrent network."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import nn

from search_spaces.dimensions import Among
from search_spaces.layers.recurrent import RecurrentArchitecture


class Rnn(RecurrentArchitecture):
    """Simple recurrent network (Elman, Cognitive Science 1990); the baseline for lstm and gru, forgets fast."""

    activation: Annotated[Literal["tanh", "relu"], Among("tanh", "relu")] = "tanh"
    """What makes the next state out of the step and the last state."""

    def cell(self, features: int) -> nn.RNNBase:
        """torch's RNN, one layer."""
        return nn.RNN(features, self.hidden, nonlinearity=self.activation, batch_first=True)
