"""Checkpoints on disk: whole or ignored, proved by the digest in their names; pinned ones stay whatever else goes."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from tracking.records import CheckpointRef

FOLDER = "checkpoints"
PIN = ".pin"
"""What is added to a checkpoint's name for the small file beside it that pins it."""
_NAME = re.compile(r"epoch-(\d+)\.([0-9a-f]{16})\.ckpt")


def save(trial: Path, step: int, write: Callable[[Path], object]) -> CheckpointRef:
    """Write a checkpoint so that it is either whole under its final name, or not there at all.

    Raises `OSError` if there is no room for it; what was written of it is gone then.
    """
    folder = trial / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".epoch-*.tmp"):  # half written when an earlier worker was killed
        left.unlink(missing_ok=True)
    unfinished = folder / f".epoch-{step:04d}.{os.getpid()}.tmp"
    try:
        write(unfinished)
        digest = _flushed_digest(unfinished)
        path = folder / f"epoch-{step:04d}.{digest}.ckpt"
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return CheckpointRef(str(path), step, digest)


def adopt(trial: Path, other: CheckpointRef) -> CheckpointRef:
    """Copy another trial's checkpoint into this trial's folder, whole or not at all; its own later ones are deleted.

    Raises `FileNotFoundError` if the other checkpoint is gone, or is not what it was.
    """
    for later in listed(trial):
        if later.step > other.step:
            Path(later.path).unlink(missing_ok=True)
    copy = CheckpointRef(str(trial / FOLDER / Path(other.path).name), other.step, other.digest)
    if whole(copy):
        return copy
    if not whole(other):
        raise FileNotFoundError(f"the checkpoint to go on from is damaged or gone: {other.path}")
    return save(trial, other.step, lambda unfinished: shutil.copyfile(other.path, unfinished))


def newest(trial: Path) -> CheckpointRef | None:
    """The newest checkpoint that is whole; damaged ones are passed over."""
    return next((found for found in reversed(listed(trial)) if whole(found)), None)


def listed(trial: Path) -> list[CheckpointRef]:
    """The checkpoints of a trial in the order of their steps, unread."""
    found = [
        CheckpointRef(str(path), int(match[1]), match[2])
        for path in (trial / FOLDER).glob("epoch-*.ckpt")
        if (match := _NAME.fullmatch(path.name))
    ]
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def whole(checkpoint: CheckpointRef) -> bool:
    """Whether the file is there and holds what was written."""
    path = Path(checkpoint.path)
    return path.is_file() and digest_of(path) == checkpoint.digest


def damaged(trial: Path) -> list[CheckpointRef]:
    """The checkpoints that `newest` passes over, the newest first; all of them if none is whole."""
    return list(itertools.takewhile(lambda found: not whole(found), reversed(listed(trial))))


def keep(trial: Path, steps: Collection[int]) -> None:
    """Delete all checkpoints but those of the given steps, and those that are pinned."""
    for checkpoint in listed(trial):
        if checkpoint.step not in steps:
            delete(checkpoint)


def delete(checkpoint: CheckpointRef) -> int:
    """Delete a checkpoint unless it is pinned; returns the bytes that this has freed."""
    path = Path(checkpoint.path)
    if is_pinned(checkpoint):
        return 0
    freed = size(checkpoint)
    path.unlink(missing_ok=True)
    return freed


def size(checkpoint: CheckpointRef) -> int:
    """How many bytes it takes; 0 if it is gone."""
    with suppress(FileNotFoundError):
        return Path(checkpoint.path).stat().st_size
    return 0


def pin(checkpoint: CheckpointRef, reason: str) -> None:
    """Keep a checkpoint for good: nothing here deletes it until it is unpinned.

    Args:
        checkpoint: A whole one.
        reason: Who needs it, in words: `digit-classifier version 3`.

    Raises:
        FileNotFoundError: It is damaged or gone.
    """
    if not whole(checkpoint):
        raise FileNotFoundError(f"the checkpoint to pin is damaged or gone: {checkpoint.path}")
    _pin_of(checkpoint).write_text(f"{reason}\n", encoding="utf-8")


def unpin(checkpoint: CheckpointRef) -> None:
    """Let a checkpoint go like any other."""
    _pin_of(checkpoint).unlink(missing_ok=True)


def is_pinned(checkpoint: CheckpointRef) -> bool:
    """Whether somebody needs it."""
    return _pin_of(checkpoint).exists()


def _pin_of(checkpoint: CheckpointRef) -> Path:
    return Path(f"{checkpoint.path}{PIN}")


def digest_of(path: Path) -> str:
    """The fingerprint of a file, 16 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


def _flushed_digest(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()
