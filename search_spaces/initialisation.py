"""The weights that a network starts from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from torch import nn

Initialisation = Literal["default", "kaiming", "xavier", "orthogonal"]
"""torch's own; normal, keeps the variance through ReLUs (He et al., ICCV 2015); uniform, keeps it forwards and
backwards (Glorot and Bengio, AISTATS 2010); orthogonal (Saxe et al., ICLR 2014)."""

_FILL: dict[str, Callable[..., Any]] = {
    "kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "xavier": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
}


def initialise(network: nn.Module, how: Initialisation) -> nn.Module:
    """Give each linear and convolutional layer fresh weights and no bias, in place; `default` leaves torch's own."""
    if how != "default":
        for module in network.modules():
            if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
                _FILL[how](module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    return network
