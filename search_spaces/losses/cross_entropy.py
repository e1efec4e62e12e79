"""Cross-entropy."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from search_spaces.choice import Loss


class CrossEntropy(Loss):
    """Cross-entropy of the softmax of the outputs: for one label out of several classes."""

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the target that is spread over all classes (Szegedy et al., CVPR 2016)."""

    def build(self) -> nn.Module:
        """torch's cross-entropy, the mean over the batch."""
        return nn.CrossEntropyLoss(label_smoothing=self.label_smoothing)
