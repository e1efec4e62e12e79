"""A run store of dictionaries: for tests, and to look at a projection without MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracking.stores import limits
from tracking.stores.base import Point, RunStatus, StoredRun, StoreError


@dataclass(slots=True)
class MemoryRun:
    """A run as it stands."""

    id: str
    experiment: str
    name: str
    tags: dict[str, str]
    started: int
    status: RunStatus = RunStatus.RUNNING
    ended: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    points: dict[tuple[str, int, int, str], Point] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def history(self, key: str) -> list[tuple[int, float]]:
        """(step, value) of each point of a metric, in the order of its steps."""
        return sorted((point.step, point.value) for point in self.points.values() if point.key == key)


class InMemory:
    """Keeps runs in dictionaries. Set `away` to a reason, and every call raises it until it is None again.

    `calls` names every call that was made, in order: what a projection costs its store.
    """

    at_once = 1

    def __init__(self) -> None:
        self.experiments: dict[str, dict[str, str]] = {}
        self.all_runs: dict[str, MemoryRun] = {}
        self.calls: list[str] = []
        self.away: str | None = None
        self._made = 0

    def experiment(self, name: str, tags: Mapping[str, str]) -> str:
        """The experiment's name, which is its id."""
        self._answer("experiment")
        self.experiments.setdefault(name, {}).update(tags)
        return name

    def runs(self, experiment: str, tags: Mapping[str, str]) -> Sequence[StoredRun]:
        """The experiment's runs that have all these tags, the oldest first."""
        self._answer("runs")
        wanted = limits.tags(tags).items()
        return [
            StoredRun(run.id, run.status, dict(run.params), dict(run.tags), _newest(run))
            for run in sorted(self.all_runs.values(), key=lambda run: run.started)
            if run.experiment == experiment and wanted <= run.tags.items()
        ]

    def create(self, experiment: str, name: str, tags: Mapping[str, str], started: int) -> str:
        """Start a run."""
        self._answer("create")
        self._made += 1
        run = MemoryRun(f"run{self._made}", experiment, name, limits.tags(tags), started)
        self.all_runs[run.id] = run
        return run.id

    def log(
        self,
        run: str,
        *,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add points and params, and set tags."""
        self._answer("log")
        kept = self._find(run)
        for key, value in limits.params(params or {}).items():
            if kept.params.setdefault(key, value) != value:
                raise StoreError(f"param {key} of {run} is {kept.params[key]!r} and cannot become {value!r}")
        for point in points:
            key = limits.name(point.key)
            kept.points[key, point.step, point.time, repr(point.value)] = Point(
                key, point.value, point.step, point.time
            )
        kept.tags.update(limits.tags(tags or {}))

    def set_status(self, run: str, status: RunStatus, at: int | None = None) -> None:
        """End a run at a time, or reopen it."""
        self._answer("set_status")
        kept = self._find(run)
        kept.status = status
        kept.ended = at if status.ended else None

    def write_text(self, run: str, path: str, text: str) -> None:
        """Keep a text as a file of the run."""
        self._answer("write_text")
        self._find(run).texts[path] = text

    def delete(self, run: str) -> None:
        """Forget a run."""
        self._answer("delete")
        self._find(run)
        del self.all_runs[run]

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.away is not None:
            raise StoreError(self.away)

    def _find(self, run: str) -> MemoryRun:
        if run not in self.all_runs:
            raise StoreError(f"no run {run}: it was deleted, or belongs to another store")
        return self.all_runs[run]


def _newest(run: MemoryRun) -> dict[str, float]:
    ordered = sorted(run.points.values(), key=lambda point: (point.step, point.time))
    return {point.key: point.value for point in ordered}
