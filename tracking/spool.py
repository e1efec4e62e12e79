"""Every report of a trial, one JSON object a line, in the order they came: written before the ledger."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from tracking import disk
from tracking.records import CheckpointRef, Report

FILE = "metrics.jsonl"


class Spool(Protocol):
    """Where a ledger keeps its trials' reports."""

    def append(self, trial: Path, report: Report, order: int) -> None:
        """Add a report; `order` is its place among all reports of the sweep, from 0."""

    def read_ordered(self, trial: Path) -> list[tuple[int, Report]]:
        """A trial's reports with their place in the sweep, one a step, in the order of the steps."""
        ...


class OnDisk:
    """A file a trial, in the trial's folder."""

    def append(self, trial: Path, report: Report, order: int) -> None:
        """Add a line to the trial's file."""
        append(trial, report, order)

    def read_ordered(self, trial: Path) -> list[tuple[int, Report]]:
        """What the trial's file holds."""
        return read_ordered(trial)


class InMemory:
    """Reports that end with their process."""

    def __init__(self) -> None:
        self._kept: dict[Path, dict[int, tuple[int, Report]]] = {}

    def append(self, trial: Path, report: Report, order: int) -> None:
        """Keep the report, in place of an earlier one of its step."""
        self._kept.setdefault(trial, {})[report.step] = (order, report)

    def read_ordered(self, trial: Path) -> list[tuple[int, Report]]:
        """What was kept."""
        kept = self._kept.get(trial, {})
        return [kept[step] for step in sorted(kept)]


def append(folder: Path, report: Report, order: int) -> None:
    """Add a report to a trial's spool, whole or not at all; `order` is its place among all of the sweep, from 0.

    Where the trial's checkpoint has been flushed to the disk, the report is too: the ledger, which is flushed after it,
    never knows of an epoch that the spool has lost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"order": order, **asdict(report)}, separators=(",", ":")) + "\n"
    disk.append(folder / FILE, line.encode(), flush=report.checkpoint is not None)


def read(folder: Path, after: int = 0) -> list[Report]:
    """A trial's reports with a step above `after`, one a step, in order."""
    return [report for _, report in read_ordered(folder) if report.step > after]


def read_ordered(folder: Path) -> list[tuple[int, Report]]:
    """A trial's reports with their place in the sweep; of two with the same step the last counts.

    The ledger takes each step once, and never hears of it again: one that came twice was not taken the first time,
    because the driver was killed, or the disk was full, between the spool and the ledger.
    """
    seen = {report.step: (order, report) for order, report in _lines(folder / FILE)}
    return [seen[step] for step in sorted(seen)]


def _lines(path: Path) -> Iterator[tuple[int, Report]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.endswith("\n"):  # cut short by a crash, so never acknowledged
                return
            entry = json.loads(line)
            order = entry.pop("order")
            checkpoint = entry.pop("checkpoint")
            yield order, Report(**entry, checkpoint=CheckpointRef(**checkpoint) if checkpoint else None)


def repair(folder: Path) -> None:
    """Remove an incomplete last line, so that the next report starts on a line of its own."""
    path = folder / FILE
    if path.exists() and not (content := path.read_bytes()).endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)
