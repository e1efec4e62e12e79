"""What can be done to a batch of texts, [batch, length] of token numbers, filled up at the end with 0."""

from __future__ import annotations

import torch
from torch import Tensor


def drop(x: Tensor, share: float) -> Tensor:
    """Take each word out with that chance; the rest moves up. A text that would lose all its words keeps them."""
    return without(x, torch.rand(x.shape, device=x.device) < share)


def without(x: Tensor, chosen: Tensor) -> Tensor:
    """Take the chosen words out, [batch, length] of truths; the rest moves up. No text loses all its words."""
    stays = (x != 0) & ~chosen
    stays |= (x != 0) & ~stays.any(1, keepdim=True)
    order = (~stays).to(torch.uint8).argsort(dim=1, stable=True)
    return torch.where(stays, x, 0).gather(1, order)


def replace(x: Tensor, share: float, table: Tensor, counts: Tensor) -> Tensor:
    """Replace each word that has a synonym, with that chance, by one of them.

    Args:
        x: The batch.
        share: The chance.
        table: The synonyms of each token, [tokens, most synonyms], filled up with 0.
        counts: How many synonyms each token has, [tokens].
    """
    known = counts[x]
    pick = (torch.rand(x.shape, device=x.device) * known).long()
    chosen = (torch.rand(x.shape, device=x.device) < share) & (known > 0)
    return torch.where(chosen, table[x, pick], x)
