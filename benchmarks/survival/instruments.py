"""What is put into a driver's process, after the fork: a counter of epochs, and what strikes at a chosen moment."""

from __future__ import annotations

import datetime
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tracking import disk
from tuner.every_epoch import EveryEpoch

Sabotage = Callable[[], None]
MOMENTS = ("before", "within", "after")
"""A process is killed before an append, with half of it written, or right after it."""


def count_epochs(counted: Path) -> None:
    """From now on, note each epoch of training that begins in this process: a line with the trial and the epoch."""
    begin = EveryEpoch.on_train_epoch_start

    def noted(self: EveryEpoch, trainer: Any, pl_module: Any) -> None:
        file = os.open(counted, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        os.write(file, f"{self.assignment.number} {trainer.current_epoch + 1}\n".encode())
        os.close(file)
        begin(self, trainer, pl_module)

    EveryEpoch.on_train_epoch_start = noted  # type: ignore[method-assign]


def killed_at(append: int, moment: str) -> Sabotage:
    """Kill this process at its n-th append to the ledger or to a spool, from 1."""

    def sabotage() -> None:
        whole, done = disk.append, [0]

        def counted(path: Path, content: bytes, *, flush: bool) -> None:
            done[0] += 1
            if done[0] != append:
                whole(path, content, flush=flush)
                return
            written = {"before": 0, "within": len(content) // 2, "after": len(content)}[moment]
            with path.open("ab", buffering=0) as file:
                file.write(content[:written])
            os.kill(os.getpid(), signal.SIGKILL)

        disk.append = counted

    return sabotage


def struck(trial: int, epoch: int, act: Callable[[Any], None]) -> Sabotage:
    """Do something to a trial's network at the first batch of one of its epochs, from 1; once in this process."""

    def sabotage() -> None:
        done: list[int] = []

        def strike(self: EveryEpoch, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
            if (self.assignment.number, trainer.current_epoch + 1) == (trial, epoch) and not done:
                done.append(epoch)
                act(pl_module)

        EveryEpoch.on_train_batch_start = strike  # type: ignore[method-assign]

    return sabotage


def clock_moved(seconds: float, after: int) -> Sabotage:
    """From the n-th append on, the time of day is another: as Python's `time.time` and Optuna's `datetime` give it."""

    def sabotage() -> None:
        from optuna.storages.journal import _storage

        real, whole, done = time.time, disk.append, [0]

        class Moved(datetime.datetime):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
                by = seconds if done[0] >= after else 0.0
                return datetime.datetime.now(tz) + datetime.timedelta(seconds=by)

        def counted(path: Path, content: bytes, *, flush: bool) -> None:
            done[0] += 1
            whole(path, content, flush=flush)

        disk.append = counted
        time.time = lambda: real() + (seconds if done[0] >= after else 0.0)
        _storage.datetime = Moved

    return sabotage
