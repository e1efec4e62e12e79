"""Where one fault is injected: a home of its own with a small sweep, drivers for it, and what must hold at the end."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from survival import checks
from survival.drivers import DONE, KILLED, POLL, SLOW_SECONDS, Driver, Notes, forked
from survival.instruments import Sabotage, count_epochs
from tracking.ledger import Ledger
from tracking.lines import begun
from tracking.records import SweepRecord
from tracking.stores.on_mlflow import OnMlflow
from tuner.sweep import Sweep

NAME = "small"
SPEC: dict[str, Any] = {
    "name": NAME,
    "dataset": "digits",
    "architecture": {"mlp": {"width": 8, "depth": 1, "activation": "relu", "dropout": {"low": 0.0, "high": 0.5}}},
    "optimizer": "sgd",
    "training": {"batch_size": 512},
    "budget": {"trials": 6, "epochs": 3},
    "searcher": "random",
    "scheduler": "none",
}


class Queried(Protocol):
    """A database that is asked what MLflow shows."""

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        ...


@dataclass(frozen=True)
class Sqlite:
    """One in a file."""

    path: Path

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        with closing(sqlite3.connect(self.path, timeout=30)) as store:
            return list(store.execute(statement))


@dataclass
class Place:
    """One injection.

    Attributes:
        folder: Everything lies in it, and is gone afterwards.
        rng: Decides when the fault strikes; seeded.
        number: Which injection of its fault it is, from 0.
        spec: The sweep.
        environment: Of its drivers.
        turns: How many drivers the sweep has had.
        name: Of the sweep.
        importing: Where the drivers find modules of a user's own.
    """

    folder: Path
    rng: random.Random
    number: int = 0
    spec: dict[str, Any] = field(default_factory=lambda: dict(SPEC))
    environment: dict[str, str] = field(default_factory=dict)
    turns: int = 0
    name: str = NAME
    importing: Path | None = None
    shown_in: Queried | None = None
    """The database behind what the drivers are told to show the sweep in; the home's own otherwise."""

    @cached_property
    def home(self) -> Path:
        """With an empty MLflow database in it: to make one takes seconds."""
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(empty_database(), home / "mlflow.db")
        return home

    @property
    def database(self) -> Path:
        """The home's own, of MLflow."""
        return self.home / "mlflow.db"

    @property
    def sweep_folder(self) -> Path:
        """Where the sweep lies."""
        return self.home / "sweeps" / self.name

    @property
    def begun(self) -> bool:
        """Whether there is a sweep to resume: its ledger holds a study."""
        return begun(self.sweep_folder)

    def start(self, sabotage: Sabotage | None = None, **how: Any) -> Driver:
        """A driver that runs the sweep, or resumes it if it has begun."""
        self.turns += 1
        home, begun, spec, name, importing = self.home, self.begun, self.spec, self.name, self.importing

        def drive(notes: Notes) -> bool:
            count_epochs(home / "trained.txt")
            sys.path[:0] = [str(importing)] if importing else []
            if sabotage:
                sabotage()
            sweep = Sweep.open(name, home) if begun else Sweep(spec, name=name, home=home)
            return (sweep.resume if begun else sweep.run)(observer=notes, **{"runner": "inline", **how}).interrupted

        return forked(drive, self.folder / f"turn-{self.turns}", self.environment)

    def run(self, sabotage: Sabotage | None = None, **how: Any) -> int:
        """A driver's whole turn; how it ended."""
        return self.start(sabotage, **how).wait()

    def output(self) -> str:
        """What the last driver printed."""
        return (self.folder / f"turn-{self.turns}" / "output.txt").read_text()

    def record(self) -> SweepRecord:
        """What the ledger holds."""
        return Ledger.open(self.sweep_folder).record()

    def killed_after(self, seconds: float) -> int:
        """A driver that is killed after so many seconds, if it is not done; how it ended."""
        driver = self.start()
        time.sleep(seconds)
        return driver.kill()

    def finish(self, again: int = 0, **how: Any) -> Iterator[str]:
        """Resume without any fault, and say what does not hold then; `again`: epochs lost besides those under way."""
        code = self.run(**how)
        if code != DONE:
            yield f"resuming ended with {code}: {self.output()[-2000:]}"
            return
        yield from all_of(self.problems(), self.repeats(self.turns - 1 + again))

    def problems(self) -> Iterator[str]:
        """What does not hold of a sweep that is over."""
        record, shown_in = self.record(), self.shown_in or Sqlite(self.database)
        yield from checks.ledger(record, self.spec["budget"]["trials"])
        yield from checks.spools(record)
        yield from checks.shown(record, shown_in.query, self.name)

    def repeats(self, most: int) -> Iterator[str]:
        """More epochs than so many were trained again."""
        return checks.repeated(self.home / "trained.txt", most)

    def tracked(self) -> Iterator[str]:
        """Show the sweep again, as `tuner track` does, twice: the second time nothing was missing."""
        home, name = self.home, self.name

        def track(notes: Notes) -> bool:
            for _ in range(2):
                found = Sweep.open(name, home).track()
                notes.note("tracked", runs=found.runs, points=found.points)
            return False

        driver = forked(track, self.folder / "track", self.environment)
        if (code := driver.wait()) != DONE:
            yield f"tuner track ended with {code}: {(self.folder / 'track' / 'output.txt').read_text()[-2000:]}"
        elif (again := driver.noted("tracked")[-1])["runs"] or again["points"]:
            yield f"a second tuner track wrote {again['runs']} runs and {again['points']} points"

    def differences(self) -> Iterator[str]:
        """In what the sweep differs from one of the same spec that was never disturbed."""
        spec = json.dumps(self.spec)
        if spec not in _undisturbed:
            with place(0, spec=self.spec) as calm:
                if (code := calm.run()) != DONE:
                    yield f"the undisturbed sweep ended with {code}: {calm.output()[-2000:]}"
                    return
                _undisturbed[spec] = checks.decisions(calm.record())
        yield from checks.differences(checks.decisions(self.record()), _undisturbed[spec])


@contextmanager
def place(
    seed: float, number: int = 0, spec: Mapping[str, Any] | None = None, folder: Path | None = None
) -> Iterator[Place]:
    """A place for one injection, gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="survival-", dir=folder, ignore_cleanup_errors=True) as temporary:
        yield Place(Path(temporary), random.Random(seed), number, {**SPEC, **(spec or {})})


def killed_in_between(place: Place, first: int = 2, last: int = 7) -> Iterator[str]:
    """Run the sweep, and kill its driver after a random number of reports."""
    driver = place.start()
    driver.until(place.rng.randint(first, last))
    if (code := driver.kill()) != KILLED:
        yield f"the driver was over before it was killed, with {code}"


def deleted_experiment(database: Path, name: str) -> None:
    """As by the button in MLflow's pages, which also takes the runs along; the experiment may be yet to come."""
    with closing(sqlite3.connect(database, timeout=30)) as store, store:
        found = _experiment(store, name)
        store.execute("update experiments set lifecycle_stage = 'deleted' where experiment_id = ?", (found,))
        store.execute("update runs set lifecycle_stage = 'deleted' where experiment_id = ?", (found,))


def _experiment(store: sqlite3.Connection, name: str) -> int:
    deadline = time.monotonic() + SLOW_SECONDS
    while not (found := store.execute("select experiment_id from experiments where name = ?", (name,)).fetchone()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no experiment {name!r} after {SLOW_SECONDS:g} seconds")
        time.sleep(POLL)
    return int(found[0])


_undisturbed: dict[str, list[dict[str, Any]]] = {}
_empty: list[Path] = []
_kept: list[tempfile.TemporaryDirectory[str]] = []


def empty_database() -> Path:
    """An MLflow database without a run; made once, by a process of its own, so that this one holds no connection."""
    if not _empty:
        _kept.append(tempfile.TemporaryDirectory(prefix="survival-empty-"))
        path = Path(_kept[0].name) / "mlflow.db"

        def make(_: Notes) -> bool:
            OnMlflow(f"sqlite:///{path}", path.parent / "artifacts").experiment("empty", {})
            return False

        if (code := forked(make, path.parent / "turn", {}).wait()) != DONE:
            raise RuntimeError(f"no MLflow database was made: {code}")
        _empty.append(path)
    return _empty[0]


def all_of(*several: Iterable[str]) -> Iterator[str]:
    """The problems of several checks, in turn; checks that are generators are not begun once there is a problem."""
    for problems in several:
        found = list(problems)
        yield from found
        if found:
            return
