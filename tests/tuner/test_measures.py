import time

import pytest
import torch
from torch import nn

from tuner.measures import PASSES, WARM_UP, latency_ms, sizes


def test_sizes_count_parameters_frozen_ones_too_and_the_bytes_of_buffers() -> None:
    # linear 4 x 3 + 3 = 15, norm 3 + 3 = 6; buffers: running mean and variance 3 + 3 floats, one 8-byte counter
    network = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    network[0].weight.requires_grad_(False)
    assert sizes(network) == {"parameters": 21.0, "size_mb": ((21 + 6) * 4 + 8) / 1e6}


def test_shared_weights_count_once_and_half_precision_takes_half() -> None:
    shared = nn.Linear(10, 10, bias=False)
    assert sizes(nn.Sequential(shared, shared))["parameters"] == 100.0
    assert sizes(nn.Linear(10, 10, bias=False).half())["size_mb"] == 200 / 1e6


def test_a_network_without_a_shape_yet_has_no_size() -> None:
    assert sizes(nn.LazyLinear(3)) == {}


class Watched(nn.Module):
    """Notes how it was called; sleeps so long."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.inner = nn.Dropout(0.5)
        self.weight = nn.Parameter(torch.ones(1))
        self.seconds = seconds
        self.calls: list[tuple[int, bool, bool]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append((len(x), self.inner.training, torch.is_grad_enabled()))
        time.sleep(self.seconds)
        return self.inner(x) * self.weight


def test_latency_is_of_one_sample_in_eval_mode_without_gradients() -> None:
    network = Watched().train()
    assert latency_ms(network, torch.ones(2, 3)) > 0
    assert network.calls == [(1, False, False)] * (WARM_UP + PASSES)


def test_latency_is_in_milliseconds() -> None:
    assert latency_ms(Watched(seconds=0.004), torch.ones(1, 3)) >= 4.0


@pytest.mark.parametrize("inner", [True, False])
def test_every_part_is_left_in_its_own_mode(inner: bool) -> None:
    network = Watched().train()
    network.inner.train(inner)
    latency_ms(network, torch.ones(1, 3))
    assert (network.training, network.inner.training) == (True, inner)


def test_measuring_draws_no_random_number() -> None:
    state = torch.random.get_rng_state()
    latency_ms(Watched().train(), torch.ones(1, 3))
    assert torch.equal(torch.random.get_rng_state(), state)
