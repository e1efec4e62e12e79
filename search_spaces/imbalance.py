"""Classes of very different sizes: what each must weigh, or how often each sample must be drawn, to be even again."""

from __future__ import annotations

import torch
from torch import Tensor


def class_weights(y: Tensor, outputs: int) -> Tensor:
    """How much each output must weigh in a loss for all to count the same, [outputs].

    Args:
        y: Targets of the training part. Labels, [samples]: a class weighs samples / (outputs * its own samples), and
            one without samples 1. Zeros and ones, [samples, outputs]: a one weighs zeros / ones of its output.
        outputs: How many numbers a network gives for a sample.
    """
    if y.is_floating_point():
        ones = y.sum(0)
        return (len(y) - ones).clamp_min(1) / ones.clamp_min(1)
    counts = torch.bincount(y, minlength=outputs)
    return torch.where(counts > 0, len(y) / (outputs * counts.clamp_min(1)), 1.0)


def oversampled(y: Tensor, seed: int) -> Tensor:
    """Indices of a training part in which each class is as frequent as the largest one, in order.

    Each sample is there at least once; the same number of times as any other of its class, or once more by lot.

    Args:
        y: Labels of the training part, [samples].
        seed: The same seed gives the same lot.
    """
    if y.is_floating_point():
        raise ValueError("only samples with one label each can be oversampled, these have several targets each")
    generator = torch.Generator().manual_seed(seed)
    classes = [(y == label).nonzero().flatten() for label in y.unique()]
    largest = max(len(members) for members in classes)
    return torch.cat([_repeated(members, largest, generator) for members in classes]).sort().values


def _repeated(members: Tensor, count: int, generator: torch.Generator) -> Tensor:
    times, rest = divmod(count, len(members))
    by_lot = members[torch.randperm(len(members), generator=generator)[:rest]]
    return torch.cat([members.repeat(times), by_lot])
