"""Binary cross-entropy."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.choice import Loss
from search_spaces.losses._weighting import ClassWeights, chosen, mean


class BinaryCrossEntropy(Loss):
    """Cross-entropy of the sigmoid of each output: for classes that may hold together, or one against the rest.

    Labels become one target an output (Wightman et al., NeurIPS workshop 2021).
    """

    tasks: ClassVar[tuple[str, ...]] = ("classification", "multilabel")

    class_weights: ClassWeights = "none"
    """`balanced` gives rare positives as much weight as everything else, by their share in the training part."""

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """The mean over batch and outputs; targets are labels, or 0 and 1 for each output."""
        return _BinaryCrossEntropy(chosen(self.class_weights, weights))


class _BinaryCrossEntropy(nn.Module):
    weights: Tensor | None

    def __init__(self, weights: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weights", weights)

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if targets.is_floating_point():
            return F.binary_cross_entropy_with_logits(outputs, targets, pos_weight=self.weights)
        one_hot = F.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
        each = F.binary_cross_entropy_with_logits(outputs, one_hot, reduction="none").mean(1)
        return mean(each, targets, self.weights)
