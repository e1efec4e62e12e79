"""Splitting data into its three parts, without leaking from one to another."""

from __future__ import annotations

import torch
from torch import Tensor

Parts = tuple[Tensor, Tensor, Tensor]


def stratified(y: Tensor, validation: float, test: float, seed: int) -> Parts:
    """Indices of the training, validation and test part, each class in the same shares in all three.

    Args:
        y: Labels, [samples].
        validation: Share of the validation part.
        test: Share of the test part.
        seed: The same seed gives the same split.
    """
    check_shares(validation, test)
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


def by_time(times: Tensor, validation: float, test: float) -> Parts:
    """Indices of the three parts: the earliest samples to train, later ones to validate, the latest to test.

    Samples of one time are never in two parts; at a border they go to the later one.

    Args:
        times: When each sample was taken, [samples]; any numbers that grow with time.
        validation: Share of the validation part.
        test: Share of the test part.
    """
    check_shares(validation, test)
    order = times.argsort(stable=True)
    times = times[order]
    test_rows = round(len(times) * test)
    rows = round(len(times) * validation) + test_rows
    first, second = (_border(times, len(times) - later) for later in (rows, test_rows))
    _check_filled((first, second - first, len(times) - second), (1, validation, test))
    return order[:first], order[first:second], order[second:]


def by_group(groups: Tensor, validation: float, test: float, seed: int) -> Parts:
    """Indices of the three parts, all samples of a group (a patient, an author) in the same one.

    Args:
        groups: The number of each sample's group, [samples].
        validation: Share of the samples for the validation part, met as closely as whole groups allow.
        test: Share of the samples for the test part, likewise.
        seed: The same seed gives the same split.
    """
    check_shares(validation, test)
    found, member, sizes = groups.unique(return_inverse=True, return_counts=True)
    parts = [part for part, share in enumerate((1, validation, test)) if share > 0]
    if len(found) < len(parts):
        raise ValueError(f"splitting into {len(parts)} parts needs at least {len(parts)} groups, got {len(found)}")
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed)).tolist()
    wanted = {part: round(len(groups) * share) for part, share in ((1, validation), (2, test))}
    part_of = _filled(parts, sizes, _shared_out(sizes, order, wanted))
    train, held_out, kept = ((part_of[member] == part).nonzero().flatten() for part in range(3))
    return train, held_out, kept


def check_shares(validation: float, test: float) -> None:
    """Refuse shares that add up to everything; for a dataset to say so before anything runs."""
    if validation + test >= 1:
        raise ValueError(
            f"validation and test must leave something to train on, got validation={validation} + test={test} >= 1"
        )


def _check_filled(sizes: tuple[int, int, int], shares: tuple[float, float, float]) -> None:
    for name, size, share in zip(("training", "validation", "test"), sizes, shares, strict=True):
        if share > 0 and size <= 0:
            raise ValueError(f"the {name} part would be empty, of {sum(sizes)} samples; give it a larger share")


def _border(times: Tensor, row: int) -> int:
    """The first row with the same time as that row; `times` is in order."""
    return row if row >= len(times) else int((times < times[row]).sum())


def _shared_out(sizes: Tensor, order: list[int], wanted: dict[int, int]) -> Tensor:
    """The part of each group: one after the other goes where it fits by at least half, else to training."""
    part_of = torch.zeros(len(sizes), dtype=torch.long)
    missing = dict(wanted)
    for group in order:
        size = int(sizes[group])
        if part := next((part for part, rows in missing.items() if size <= 2 * rows), 0):
            missing[part] -= size
        part_of[group] = part
    return part_of


def _filled(parts: list[int], sizes: Tensor, part_of: Tensor) -> Tensor:
    """Each empty part gets the smallest group of the part with the most groups."""
    for part in parts:
        if not (part_of == part).any():
            candidates = (part_of == part_of.bincount().argmax()).nonzero().flatten()
            part_of[candidates[sizes[candidates].argmin()]] = part
    return part_of
