"""Writing to a disk that may be full, or lose its power: whole lines or none, and how to tell that it is full."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when there is no room: on the disk, or in the user's share of it."""
_WORDS = tuple(os.strerror(number).lower() for number in FULL)


def append(path: Path, content: bytes, *, flush: bool) -> None:
    """Add to a file's end all of the content or nothing of it: half a line would run into the next one.

    Args:
        path: The file; made if it is missing, not so its folder.
        content: Whole lines.
        flush: Come back when it is on the disk itself, where a power cut does not reach it.

    Raises:
        OSError: It could not be written; the file is as it was before.
    """
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            if file.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            if flush:
                os.fsync(file.fileno())
        except BaseException:
            os.truncate(path, before)
            raise


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that led to it, says that a disk is full."""
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen:
        if isinstance(at, OSError) and at.errno in FULL:
            return True
        seen.append(at)
        at = at.__cause__ or at.__context__
    return is_told_full(str(error))


def is_told_full(text: str) -> bool:
    """Whether an error's text says that a disk is full, where nothing but its text has come."""
    return any(word in text.lower() for word in _WORDS)


def fullest(*folders: Path) -> Path:
    """Of some folders and the one for temporary files, the one whose disk has the least room left."""
    there = [folder for folder in (*folders, Path(tempfile.gettempdir())) if folder.exists()]
    return min(there, key=lambda folder: shutil.disk_usage(folder).free)
