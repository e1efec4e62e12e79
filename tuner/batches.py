"""Batches sliced from memory, in an order that follows from a seed and the epoch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from search_spaces.data import Part
from search_spaces.imbalance import oversampled
from tuner.seeds import seed_of


class Batches:
    """An endless supply of epochs over one part of the data.

    A `DataLoader` would fetch and stack sample by sample; slicing whole batches out of one tensor costs a tenth.

    Args:
        part: The samples, in memory.
        size: Samples a batch.
        seed: With a seed the order is shuffled, differently in each epoch; without one it is the part's own.
        oversample: Draw the samples of small classes more often, until all classes are as frequent as the largest.
    """

    def __init__(self, part: Part, size: int, seed: int | None = None, oversample: bool = False) -> None:
        self.part = part
        self.size = size
        self.seed = seed
        self.oversample = oversample
        self._samples = len(oversampled(part.y, 0)) if oversample else len(part)
        self.epoch = 0
        # Lightning looks for set_epoch on a loader's sampler.
        self.sampler, self.batch_sampler = self, None

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self.epoch = epoch

    def __len__(self) -> int:
        batches, rest = divmod(self._samples, self.size)
        return max(1, batches + (rest > self._smallest))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self._order()
        for start in range(0, len(self) * self.size, self.size):
            chosen = order[start : start + self.size]
            yield self.part.x[chosen], self.part.y[chosen]

    @property
    def _smallest(self) -> int:
        # Batch norm cannot learn from a single sample, so a shuffled last batch of one waits for another epoch.
        return 0 if self.seed is None else 1

    def _order(self) -> Tensor:
        if self.seed is None:
            return torch.arange(len(self.part))
        generator = torch.Generator().manual_seed(seed_of(self.seed, "order", self.epoch))
        order = torch.randperm(self._samples, generator=generator)
        return (
            oversampled(self.part.y, seed_of(self.seed, "oversample", self.epoch))[order] if self.oversample else order
        )
