"""The setting that losses over classes share: whether rare classes weigh more."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

ClassWeights = Literal["none", "balanced"]


def chosen(setting: ClassWeights, weights: Tensor | None) -> Tensor | None:
    """The weights to use, none where the setting is off."""
    if setting == "balanced" and weights is None:
        raise ValueError("class_weights: balanced needs the weights of the training part, got none; pass them to build")
    return weights if setting == "balanced" else None


def mean(each: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
    """The mean of the samples' losses, each weighed by its class, [classes], if there are weights."""
    if weights is None:
        return each.mean()
    share = weights[labels]
    return (each * share).sum() / share.sum()
