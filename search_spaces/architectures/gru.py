"""A gated recurrent network."""

from __future__ import annotations

from torch import nn

from search_spaces.layers.recurrent import RecurrentArchitecture


class Gru(RecurrentArchitecture):
    """Gated recurrent units (Cho et al., EMNLP 2014); often as good as lstm, with three quarters of its weights."""

    def cell(self, features: int) -> nn.RNNBase:
        """torch's GRU, one layer."""
        return nn.GRU(features, self.hidden, batch_first=True)
