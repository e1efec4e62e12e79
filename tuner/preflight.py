"""Before a sweep: every branch is built, trained for an epoch, saved, restored and judged, on this machine."""

from __future__ import annotations

import itertools
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.space import Branch, Choices
from tracking.records import Report
from tuner.assignment import Assignment
from tuner.errors import cause_of
from tuner.seeds import seed_of
from tuner.spec import SweepSpec


@dataclass(frozen=True)
class Checked:
    """What became of one combination of branches."""

    names: tuple[str, ...]
    seconds: float = math.nan
    memory: float = math.nan
    checkpoint: float = math.nan
    cause: str | None = None

    def __str__(self) -> str:
        what = " + ".join(self.names)
        if self.cause:
            return f"  FAIL  {what}: {self.cause}"
        return (
            f"  ok    {what}: {self.seconds:.1f} s an epoch, {self.memory:.0f} MB, checkpoint {self.checkpoint:.2f} MB"
        )


def check(spec: SweepSpec) -> Iterator[Checked]:
    """Try every combination of branches with the largest values of its ranges: what runs there runs anywhere."""
    for branches in itertools.product(*spec.space.slots.values()):
        varying = [branch.name for branch in branches if len(spec.space.slots[branch.slot]) > 1]
        names = tuple(varying or [branch.name for branch in branches if branch.slot == "architecture"])
        yield _try(spec, names, branches)


def _try(spec: SweepSpec, names: tuple[str, ...], branches: tuple[Branch, ...]) -> Checked:
    from tuner import trial

    reports: list[Report] = []

    def keep(report: Report) -> bool:
        reports.append(report)
        return True

    with tempfile.TemporaryDirectory() as folder:
        try:
            choices = {branch.slot: _largest(branch) for branch in branches}
            since = time.monotonic()
            trial.run(_assignment(spec, choices, Path(folder), epochs=1), keep)
            seconds = time.monotonic() - since
            trial.run(_assignment(spec, choices, Path(folder), epochs=2), keep)  # from the first epoch's checkpoint
        except Exception as error:  # noqa: BLE001 (finding out what a branch raises is the purpose)
            return Checked(names, cause=cause_of(error))
        saved = reports[-1].checkpoint
        size = Path(saved.path).stat().st_size / 1e6 if saved else math.nan
    return Checked(names, seconds, reports[-1].metrics["peak_memory_mb"], size)


def _largest(branch: Branch) -> dict[str, Any]:
    values = {name: dimension.grid(2)[-1] for name, dimension in branch.dimensions.items()}
    return branch.kind(**values).describe()


def _assignment(spec: SweepSpec, choices: Choices, folder: Path, epochs: int) -> Assignment:
    return Assignment(
        number=0,
        choices=choices,
        seed=seed_of(spec.seed, "check"),
        epochs=epochs,
        folder=folder,
        objective=spec.goals.leading,
        cpus=spec.resources.cpus,
        gpus=spec.resources.gpus,
        further=spec.goals.objectives[1:],
        measured=spec.measured,
    )
