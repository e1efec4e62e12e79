"""A long short-term memory network."""

from __future__ import annotations

from torch import nn

from search_spaces.layers.recurrent import RecurrentArchitecture


class Lstm(RecurrentArchitecture):
    """Long short-term memory (Hochreiter & Schmidhuber, Neural Computation 1997); keeps what it read long ago."""

    def cell(self, features: int) -> nn.RNNBase:
        """torch's LSTM, one layer."""
        return nn.LSTM(features, self.hidden, batch_first=True)
