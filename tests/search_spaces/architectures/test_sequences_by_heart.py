"""Every network for sequences can learn 64 samples by heart: all its parts let gradients and information through."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from search_spaces.choice import Architecture
from search_spaces.plugins import find
from search_spaces.shape import Shape

SETTINGS: dict[str, dict[str, Any]] = {
    "linear": {},
    "rnn": {"dropout": 0.0, "hidden": 64, "pooling": "max"},
    "lstm": {"dropout": 0.0, "hidden": 64},
    "gru": {"dropout": 0.0, "hidden": 64},
    "transformer": {"dropout": 0.0, "width": 64, "depth": 1},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_64_texts_are_learnt_by_heart(name: str) -> None:
    torch.manual_seed(0)
    x, y = torch.randint(2, 100, (64, 10)), torch.randint(0, 4, (64,))
    kind = find("search_spaces.architectures", name)
    assert issubclass(kind, Architecture)
    network = kind(**SETTINGS[name]).build(Shape((10,), "text", vocabulary=100), 4)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(1500):
        optimizer.zero_grad()
        outputs = network(x)
        if bool((outputs.argmax(1) == y).all()):
            return
        nn.functional.cross_entropy(outputs, y).backward()
        optimizer.step()
    pytest.fail(f"{name} has {int((outputs.argmax(1) == y).sum())} of 64 right after 1500 steps")
