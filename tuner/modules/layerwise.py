"""Training a network block by block: which blocks move in an epoch, and at what rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from torch import nn
from torch.optim import Optimizer

from search_spaces.blocks import Block, blocks_of, head_of
from search_spaces.choice import Architecture, Choice, Transfer
from search_spaces.data import Data


def layerwise_of(chosen: Mapping[str, Choice], network: nn.Module, data: Data) -> Layerwise | None:
    """How the blocks of a network that goes on from another's weights are trained; None for one that does not."""
    if "transfer" not in chosen:
        return None
    head = head_of(cast(Architecture, chosen["architecture"]), data.inputs, data.outputs)
    return Layerwise(cast(Transfer, chosen["transfer"]), tuple(blocks_of(network, head)))


@dataclass(frozen=True)
class Layerwise:
    """A strategy, and the blocks that it is applied to.

    Nothing is remembered: what an epoch needs follows from its number, so a resumed training needs no state.

    Attributes:
        strategy: What to train when, and at what rate.
        blocks: The network's, head first.
    """

    strategy: Transfer
    blocks: tuple[Block, ...]

    def regroup(self, optimizer: Optimizer) -> None:
        """Give each block a group of its own in an optimizer that has just been made, the head's first."""
        [whole] = optimizer.param_groups
        rate = whole["lr"]
        optimizer.param_groups.clear()
        for place, block in enumerate(self.blocks):
            own = rate * self.strategy.rate(place, len(self.blocks))
            optimizer.add_param_group({"params": list(block.parameters.values()), "lr": own})

    def begin(self, epoch: int, epochs: int) -> None:
        """Freeze and open blocks for an epoch; the batch statistics of frozen ones stay as they are."""
        opened = self.strategy.opened(len(self.blocks), epoch, epochs)
        for place, block in enumerate(self.blocks):
            for parameter in block.parameters.values():
                parameter.requires_grad_(place < opened)
            for norm in block.norms:
                norm.train(place < opened)
