"""Cross-entropy."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from search_spaces.choice import Loss
from search_spaces.losses._weighting import ClassWeights, chosen


class CrossEntropy(Loss):
    """Cross-entropy of the softmax of the outputs: for one label out of several classes."""

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the target that is spread over all classes (Szegedy et al., CVPR 2016)."""
    class_weights: ClassWeights = "none"
    """`balanced` gives each class the same weight in sum, however rare it is in the training part."""

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """torch's cross-entropy, the (weighted) mean over the batch."""
        return nn.CrossEntropyLoss(weight=chosen(self.class_weights, weights), label_smoothing=self.label_smoothing)
