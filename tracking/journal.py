"""The file under the ledger: an Optuna journal whose groups of writes are one append, its torn tail repaired."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileSymlinkLock

from tracking import disk, lines


class GroupedJournal(BaseJournalBackend):
    """A journal whose writes inside `together()` are kept as one piece: all of them or none."""

    def __init__(self) -> None:
        self._pending: list[dict[str, Any]] | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold every write made inside, and append them in one piece at the end; none of them if the block raises."""
        if self._pending is not None:  # already inside a group: it ends with the outer one
            yield
            return
        self._pending = []
        try:
            yield
            pending, self._pending = self._pending, None
            self._append(pending)
        finally:
            self._pending = None

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries, or hold them until the group ends."""
        if self._pending is not None:
            self._pending.extend(logs)
        else:
            self._append(logs)

    def _append(self, logs: list[dict[str, Any]]) -> None:
        raise NotImplementedError


class InMemoryJournal(GroupedJournal):
    """A journal that ends with its process: for simulations, which would write thousands of files to no end."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """All entries from the given one on, those held in an open group included."""
        kept = len(self._entries)
        yield from self._entries[log_number_from:]
        yield from (self._pending or [])[max(0, log_number_from - kept) :]

    def _append(self, logs: list[dict[str, Any]]) -> None:
        self._entries += logs


class Journal(GroupedJournal):
    """A journal file in the format of Optuna's `JournalFileBackend`, which any Optuna client reads.

    Two things are added. Writes inside `together()` reach the disk as one append with one fsync, and are marked as
    belonging together, since the system may keep the first pages of an append alone: a process that is killed leaves
    all of them or none. And a last line that was cut short by a crash, which was never acknowledged, is
    left out on reading and removed by `repair()`.

    Args:
        path: The journal's file; made on the first write.
        read_only: Refuse to write; for looking at a sweep that another process drives.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__()
        self._path = path
        self._read_only = read_only
        self._lock = JournalFileSymlinkLock(str(path))
        self._read_bytes = 0
        self._read_count = 0

    def repair(self) -> int:
        """Remove an incomplete last line and a dead writer's lock; returns the bytes removed.

        Only the sweep's one driver may call this: it takes any lock it finds to be a dead driver's.
        """
        Path(f"{self._path}.lock").unlink(missing_ok=True)
        if not self._path.exists():
            return 0
        content = self._path.read_bytes()
        whole = lines.whole(content)  # the group that the torn line belongs to was not kept either
        if whole < len(content):
            os.truncate(self._path, whole)
        return len(content) - whole

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries, or hold them until the group ends."""
        if self._read_only:
            raise lines.JournalError(f"{self._path} was opened for reading: only the sweep's driver writes to it")
        super().append_logs(logs)

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """All entries from the given one on, those held in an open group included."""
        if log_number_from < self._read_count:
            self._read_bytes = self._read_count = 0
        for line in self._new_lines():
            entry = lines.entry(line, self._read_count + 1, self._path)
            self._read_bytes += len(line) + 1
            self._read_count += 1
            if self._read_count > log_number_from:
                yield entry
        yield from (self._pending or [])[max(0, log_number_from - self._read_count) :]

    def _append(self, logs: Iterable[dict[str, Any]]) -> None:
        entries = list(logs)
        if not entries:
            return
        entries = [*({**log, lines.MORE: 1} for log in entries[:-1]), entries[-1]]
        text = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries)
        self._lock.acquire()
        try:
            disk.append(self._path, text.encode(), flush=True)
        finally:
            self._lock.release()

    def _new_lines(self) -> Iterator[bytes]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            for block in lines.blocks(file):
                yield from block.split(b"\n")[:-1]
