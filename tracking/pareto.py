"""Fronts: which of several points are beaten by no other in all objectives at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fronts(points: Sequence[Sequence[float]]) -> list[int]:
    """The front of each point, 1 for those that no other dominates (Deb et al., IEEE TEC 6, 2002, section III A).

    A point dominates another if it is nowhere worse and somewhere better; equal points share a front. Front 2 is front
    1 of what is left without it, and so on.

    Args:
        points: [points][objectives] of finite numbers; higher is better.
    """
    values = np.array(points, dtype=float)
    found = np.zeros(len(values), dtype=int)
    front = 0
    while (left := np.flatnonzero(found == 0)).size:
        front += 1
        found[left[_undominated(values[left])]] = front
    return found.tolist()


def _undominated(values: np.ndarray) -> np.ndarray:
    """Of [n, m] values, the indices of the rows that no other dominates.

    Rows are visited from the largest sum down: no later one dominates an earlier one, so that what a row leaves
    standing is compared with the next only.
    """
    order = np.argsort(-values.sum(axis=1), kind="stable")
    standing = order
    place = 0
    while place < len(standing):
        row = values[standing[place]]
        others = values[standing]
        keep = np.any(others > row, axis=1) | np.all(others == row, axis=1)
        place = int(keep[: place + 1].sum())
        standing = standing[keep]
    return standing
