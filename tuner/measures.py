"""What is measured of a network itself: how large it is, and how long it takes for one sample."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

WARM_UP = 5
PASSES = 50


def sizes(module: nn.Module) -> dict[str, float]:
    """`parameters`, the elements of all parameters, and `size_mb`, their and the buffers' bytes in MB of 10**6 bytes.

    Frozen parameters count, shared ones once; a loss or a discriminator that is part of the module counts too. Empty
    for a module whose lazy parameters have no shape before the first batch.
    """
    parameters, buffers = list(module.parameters()), list(module.buffers())
    if any(is_lazy(tensor) for tensor in (*parameters, *buffers)):
        return {}
    size = sum(tensor.numel() * tensor.element_size() for tensor in (*parameters, *buffers))
    return {"parameters": float(sum(tensor.numel() for tensor in parameters)), "size_mb": size / 1e6}


def latency_ms(network: nn.Module, samples: Tensor) -> float:
    """Milliseconds for one sample: the median of `PASSES` forward passes, after `WARM_UP` that are not counted.

    Each pass takes the first sample as a batch of one, in eval mode and without gradients, on the device and in the
    precision of the network's weights, with the threads that the trial has; an accelerator is waited for. Other trials
    on the same machine slow it down: compare latencies of sweeps with the same number of workers.

    Args:
        network: Takes [batch, ...]; its training mode is left as it was found.
        samples: [at least one, ...].
    """
    device = next((tensor.device for tensor in network.parameters()), samples.device)
    sample = samples[:1].to(device)
    with _judging(network), torch.no_grad():
        for _ in range(WARM_UP):
            network(sample)
        return statistics.median(_milliseconds(network, sample) for _ in range(PASSES))


def _milliseconds(network: nn.Module, sample: Tensor) -> float:
    _wait_for(sample.device)
    since = time.perf_counter()
    network(sample)
    _wait_for(sample.device)
    return (time.perf_counter() - since) * 1000


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def _judging(network: nn.Module) -> Iterator[None]:
    """Eval mode inside; then every part in its own mode again, which need not be the same for all."""
    modes = {part: part.training for part in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training
