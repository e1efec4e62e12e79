"""What a projection needs of the place that shows runs, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class StoreError(Exception):
    """The store is away, or refused what it was asked."""


class RunStatus(StrEnum):
    """Where a run stands, in MLflow's words."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"

    @property
    def ended(self) -> bool:
        """Whether a run of this status has an end time."""
        return self in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one metric; `time` is in milliseconds since 1970."""

    key: str
    value: float
    step: int
    time: int


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What a store holds of a run; `metrics` maps each name to its newest value."""

    id: str
    status: RunStatus
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]


class RunStore(Protocol):
    """Keeps runs. Every method raises StoreError, and only that, when the store is away or refuses.

    Names and values of any form and length are taken and made to fit (`tracking.stores.limits`). Logging the same
    point, param or tag again changes nothing.
    """

    @property
    def at_once(self) -> int:
        """How many threads may call at the same time, each about other runs."""
        ...

    def experiment(self, name: str, tags: Mapping[str, str]) -> str:
        """The id of the experiment of that name: found, brought back if it was deleted, or made; with these tags."""
        ...

    def runs(self, experiment: str, tags: Mapping[str, str]) -> Sequence[StoredRun]:
        """The runs of an experiment that have all these tags, the oldest first; deleted ones are left out."""
        ...

    def create(self, experiment: str, name: str, tags: Mapping[str, str], started: int) -> str:
        """Start a run; its tags are there from its first moment. Returns its id."""
        ...

    def log(
        self,
        run: str,
        *,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add points and params, and set tags, in as few requests as the limits allow; points in their order."""
        ...

    def set_status(self, run: str, status: RunStatus, at: int | None = None) -> None:
        """End a run at a time, or reopen it."""
        ...

    def write_text(self, run: str, path: str, text: str) -> None:
        """Keep a text as a file of the run, in place of one with the same path."""
        ...

    def delete(self, run: str) -> None:
        """Put a run in the bin."""
        ...
