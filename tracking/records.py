"""What the platform remembers: plain, frozen records that every room can read without opening a database."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

Mode = Literal["max", "min"]


class State(StrEnum):
    """Where a trial stands; the values are Optuna's own, plus PAUSED for a trial that waits for its next rung."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAIL = "FAIL"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to the trial."""
        return self in (State.COMPLETE, State.PRUNED, State.FAIL)


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric a sweep is judged by, and whether more of it is better."""

    metric: str = "val/accuracy"
    mode: Mode = "max"

    def better(self, value: float, than: float | None) -> bool:
        """Whether `value` beats `than`; nothing beats a NaN challenger, anything finite beats None."""
        if not math.isfinite(value):
            return False
        if than is None:
            return True
        return value > than if self.mode == "max" else value < than


@dataclass(frozen=True, slots=True)
class CheckpointRef:
    """A whole checkpoint on disk, and the digest that proves it."""

    path: str
    step: int
    digest: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial says after one epoch: its metrics, the seconds it has trained in all, and its checkpoint."""

    step: int
    metrics: Mapping[str, float]
    seconds: float
    checkpoint: CheckpointRef | None = None


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial of a sweep, as the ledger holds it.

    `params` are the searched values by dotted name (`architecture.mlp.width`); `choices` is the whole configuration,
    defaults included, one mapping a slot. `curve` maps each reported step (epoch, from 1) to the objective's value.
    """

    number: int
    state: State
    params: Mapping[str, Any]
    choices: Mapping[str, Mapping[str, Any]]
    curve: Mapping[int, float]
    started: datetime | None = None
    finished: datetime | None = None
    cause: str | None = None
    seconds: float = 0.0
    checkpoint: CheckpointRef | None = None
    folder: Path | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """The last step the trial reported; 0 before its first report."""
        return max(self.curve, default=0)

    def choice(self, slot: str) -> str:
        """The name chosen in a slot: `trial.choice("architecture") == "mlp"`; empty if the sweep has no such slot."""
        return str(self.choices.get(slot, {}).get("name", ""))

    def best(self, objective: Objective) -> tuple[int, float] | None:
        """The step and value of the trial's best finite report, the earliest of equals; None without one."""
        finite = [(step, value) for step, value in sorted(self.curve.items()) if math.isfinite(value)]
        if not finite:
            return None
        sign = 1.0 if objective.mode == "max" else -1.0
        return max(finite, key=lambda point: sign * point[1])


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A whole sweep at one moment: its spec as plain data, and every trial in the order of their numbers."""

    name: str
    folder: Path
    objective: Objective
    spec: Mapping[str, Any]
    trials: Sequence[TrialRecord]
    created: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def best(self) -> TrialRecord | None:
        """The trial with the best value so far, unless it failed; the lowest number of equals; None without one."""
        leader: TrialRecord | None = None
        value: float | None = None
        for trial in self.trials:
            if trial.state is State.FAIL:
                continue
            if (found := trial.best(self.objective)) and self.objective.better(found[1], value):
                leader, value = trial, found[1]
        return leader


@dataclass(frozen=True, slots=True)
class LeaderboardEntry:
    """One row of a leaderboard."""

    rank: int | None
    trial: int
    state: State
    value: float | None
    step: int | None
    architecture: str
    optimizer: str
    epochs: int
    seconds: float
    cause: str | None
    checkpoint: str | None
    params: Mapping[str, Any]
