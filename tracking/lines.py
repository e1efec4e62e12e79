"""The file of a ledger, line by line: which lines count, and what one of them says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

FILE = "ledger.journal"
MORE = "more"
"""An entry with this key is not the last of its group: without the rest it does not count."""
_GOES_ON = f',"{MORE}":1}}\n'.encode()
_BLOCK = 1 << 22


class JournalError(Exception):
    """The ledger's file cannot be read."""


class LedgerError(Exception):
    """The ledger is missing, already there, or not what was asked for."""


def begun(folder: Path) -> bool:
    """Whether a folder holds a sweep: one that was killed while it was made has left nothing that counts."""
    if not (folder / FILE).exists():
        return False
    with (folder / FILE).open("rb") as file:
        return any(True for _ in blocks(file))


def find(folder: Path) -> Path:
    """The ledger's file in a sweep's folder; raises `LedgerError` where there is none."""
    if not (folder / FILE).exists():
        raise LedgerError(f"no ledger in {folder}: a sweep's folder holds {FILE}")
    return folder / FILE


def no_study(folder: Path) -> LedgerError:
    """The error for a ledger whose entries do not make a study."""
    return LedgerError(f"{folder / FILE} holds no study: it was cut before the sweep began; delete {folder}")


def whole(content: bytes) -> int:
    """How many bytes of some lines count: those up to the end of the last group that is there to its end."""
    end = content.rfind(b"\n") + 1
    while content.endswith(_GOES_ON, 0, end):
        end = content.rfind(b"\n", 0, end - 1) + 1
    return end


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """What counts of a journal's file from where it stands on: whole groups, some megabytes at a time."""
    held = b""
    while more := file.read(_BLOCK):
        held += more
        if end := whole(held):
            yield held[:end]
            held = held[end:]


def entry(line: str | bytes, number: int, path: Path) -> dict[str, Any]:
    """What a line says; raises `JournalError` with its number, counted from 1, where it is not an entry."""
    try:
        found: dict[str, Any] = json.loads(line)
        found["op_code"]
    except (ValueError, TypeError, KeyError) as error:
        why = getattr(error, "msg", "it names no operation")
        raise damaged(path, number, why) from error
    return found


def damaged(path: Path, number: int, why: str) -> JournalError:
    """The error for a line that is no entry."""
    return JournalError(
        f"{path}: line {number} is not a journal entry ({why}); "
        "restore the file from a backup, or cut it before that line"
    )
