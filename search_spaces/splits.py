"""Splitting data into its three parts, without leaking from one to another."""

from __future__ import annotations

import torch
from torch import Tensor

from search_spaces.data import Part

Parts = tuple[Tensor, Tensor, Tensor]


def stratified(y: Tensor, validation: float, test: float, seed: int) -> Parts:
    """Indices of the training, validation and test part, each class in the same shares in all three.

    Args:
        y: Labels, [samples].
        validation: Share of the validation part.
        test: Share of the test part.
        seed: The same seed gives the same split.
    """
    if validation + test >= 1:
        raise ValueError(
            f"validation and test must leave something to train on, got validation={validation} + test={test} >= 1"
        )
    generator = torch.Generator().manual_seed(seed)
    shares: list[list[Tensor]] = [[], [], []]
    for label in y.unique():
        members = (y == label).nonzero().flatten()
        members = members[torch.randperm(len(members), generator=generator)]
        first, second = round(len(members) * validation), round(len(members) * test)
        for share, piece in zip(
            shares, (members[first + second :], members[:first], members[first:][:second]), strict=True
        ):
            share.append(piece)
    train, held_out, kept = (torch.cat(share).sort().values for share in shares)
    return train, held_out, kept


def standardised(x: Tensor, y: Tensor, parts: Parts) -> tuple[Part, Part, Part]:
    """The three parts, shifted and scaled by the mean and deviation of the training part alone."""
    sample = x[parts[0]]
    mean, deviation = sample.mean(), sample.std().clamp_min(1e-8)
    train, validation, test = (Part((x[part] - mean) / deviation, y[part]) for part in parts)
    return train, validation, test
