"""The weights that a sweep's trials start from, kept in its folder: proved by the digest in their name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tracking import checkpoints
from tuner.errors import TrialError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

Weights = dict[str, "Tensor"]
"""By dotted name, on the CPU."""
FOLDER = "parent"
"""Where a sweep's folder has them."""


def keep(weights: Weights, folder: Path) -> Path:
    """Write the weights into a new sweep's folder, whole or not at all, under a name with their digest."""
    import torch

    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)  # of one that was killed before it had a ledger
    place.mkdir(parents=True)
    unfinished = place / ".weights.tmp"
    torch.save(weights, unfinished)
    path = place / f"weights.{checkpoints.digest_of(unfinished)}.pt"
    unfinished.replace(path)
    return path


def kept(folder: Path) -> str:
    """The file of the parent's weights in a sweep's folder, absolute."""
    found = sorted((folder / FOLDER).glob("weights.*.pt"))
    if not found:
        raise UsageError(f"the parent's weights are gone from {folder / FOLDER}: start the sweep again")
    return str(found[0].absolute())


def take_over(network: nn.Module, path: Path) -> None:
    """Put kept weights into a network whose head may stay as it is; `TrialError` if the file is not what was kept."""
    import torch

    if not path.is_file() or checkpoints.digest_of(path) != path.name.split(".")[1]:
        raise TrialError(f"the parent's weights are damaged or gone: {path}; start the sweep again under another name")
    weights = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(weights, strict=False)  # what may be missing was looked at when the sweep began
