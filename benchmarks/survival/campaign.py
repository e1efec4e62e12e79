"""The campaign: each fault so many times, each injection with a seed of its own, a row for each in a file."""

from __future__ import annotations

import csv
import hashlib
import importlib
import os
import platform
import re
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType

from search_spaces import plugins
from survival.drivers import SLOW_SECONDS
from survival.place import place
from tracking.provenance import provenance

FAULTS = "survival.faults"
TIMES = 5
_FOLDERS = re.compile(r"(?<![\w.])/(?:[\w.-]+/)+")
"""Of a path only its last part is kept: where this machine has it is nobody's business."""


@dataclass(frozen=True)
class Row:
    """One injection: what was found, and on what."""

    fault: str
    number: int
    seed: int
    held: bool
    problem: str
    seconds: float
    date: str
    machine: str
    code: str = ""
    """The commit, with a plus if it was changed; empty where that was not noted."""

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from others."""
        return self.fault, self.number, self.seed


def fault(name: str) -> ModuleType:
    """The fault of that name."""
    return importlib.import_module(f"{FAULTS}.{name}")


def names() -> list[str]:
    """Every fault."""
    return plugins.names(FAULTS)


def times(name: str) -> int:
    """How often a fault is injected in a whole campaign."""
    return int(getattr(fault(name), "TIMES", TIMES))


def lacking(name: str) -> str | None:
    """What this machine lacks for a fault."""
    found: str | None = getattr(fault(name), "lacking", lambda: None)()
    return found


def inject(name: str, number: int, seed: int) -> Row:
    """One injection of a fault; the same arguments strike at the same moment, but for what is a matter of time."""
    own = int.from_bytes(hashlib.sha256(f"{seed} {name} {number}".encode()).digest()[:8])
    began = time.monotonic()
    with place(own, number) as at:
        try:
            problems = list(fault(name).inject(at))
        except Exception:  # noqa: BLE001 (whatever goes wrong, the promise was not seen to be held)
            problems = [traceback.format_exc(limit=-3)]
    took = round(time.monotonic() - began, 2)
    return Row(
        name, number, seed, not problems, " | ".join(problems), took, date.today().isoformat(), machine(), code()
    )


def campaign(wanted: Iterable[tuple[str, int]], seed: int, kept: Path | None, *, again: bool = False) -> Iterator[Row]:
    """Inject what is not in the file yet, and add it there; `again` does those anew in which a promise was not held."""
    there = {row.key for row in read(kept) if row.held or not again} if kept else set()
    for name, number in wanted:
        if (name, number, seed) not in there and not lacking(name):
            row = inject(name, number, seed)
            if kept:
                _add(row, kept)
            yield row


def read(path: Path) -> list[Row]:
    """The rows of a file, the last one of each injection; none if there is no file."""
    return list({row.key: row for row in history(path)}.values())


def history(path: Path) -> list[Row]:
    """Every row, those too that were injected again after something was mended."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [_row(found) for found in csv.DictReader(file)]


def _row(found: dict[str, str]) -> Row:
    numbers = {"number": int(found["number"]), "seed": int(found["seed"]), "seconds": float(found["seconds"])}
    return Row(**{**found, **numbers, "held": found["held"] == "True"})


def _add(row: Row, path: Path) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({**asdict(row), "problem": _FOLDERS.sub("", " ".join(row.problem.split()))[:1000]})


def machine() -> str:
    """What it was measured on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


@cache
def code() -> str:
    """Which code is measured."""
    found = provenance(Path(__file__).parent)
    return found.get("git.commit", "")[:10] + ("+" if found.get("git.diff_digest") else "")


__all__ = ["SLOW_SECONDS", "Row", "campaign", "fault", "history", "inject", "lacking", "names", "read", "times"]
