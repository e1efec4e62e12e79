"""One sweep, told top to bottom: the file to read first."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from tracking.leaderboard import front, leaderboard
from tracking.lease import LeaseError, driving
from tracking.ledger import Ledger, LedgerError
from tracking.records import SweepRecord, TrialRecord
from tuner import extension, fitting, machine, warm_start
from tuner.clock import clocked, driven_seconds
from tuner.conclusion import conclude
from tuner.conductor import Conductor, Limits, Observer
from tuner.datasets import data_digests
from tuner.errors import EveryTrialFailedError, SweepError
from tuner.home import Home
from tuner.reading import override
from tuner.spec import SweepSpec
from tuner.tracks import Tracks, tracks
from tuner.warm_start import WarmStart

if TYPE_CHECKING:
    import pandas as pd

Runner = Literal["ray", "inline"]


class Sweep:
    """A search over networks: started once, resumed as often as need be, asked at any time.

        sweep = Sweep("digits").run()
        sweep.leaderboard().head()

    Args:
        spec: A recipe's name, a YAML file, a mapping like the file's, or a `SweepSpec`.
        overrides: `key=value` texts with dotted keys, laid over the spec.
        name: What to call the sweep; the spec's own name otherwise.
        home: The folder for everything; `TUNER_HOME`, or `runs`, otherwise.
    """

    def __init__(
        self,
        spec: str | Path | Mapping[str, Any] | SweepSpec,
        overrides: Sequence[str] = (),
        *,
        name: str | None = None,
        home: str | Path | None = None,
    ) -> None:
        self.spec = _read_spec(spec, overrides, name)
        self.name = self.spec.name or "sweep"
        self.home = Home.at(home)
        self.limits = Limits()

    @classmethod
    def open(cls, name: str, home: str | Path | None = None) -> Sweep:
        """A sweep that exists, to look at, to resume or to extend."""
        folder = Home.at(home).sweep(name)
        return cls(SweepSpec.read(Ledger.open(folder).spec, f"spec of {name}"), name=name, home=home)

    @property
    def folder(self) -> Path:
        """Where the sweep lies."""
        return self.home.sweeps / self.name

    # --- doing ---

    def run(self, *, address: str | None = None, runner: Runner = "ray", observer: Observer | None = None) -> Sweep:
        """Start the sweep, and come back when it is over or interrupted.

        Args:
            address: A Ray cluster to run on; one is started here for the purpose otherwise.
            runner: `ray`, or `inline` for one trial after another in this process.
            observer: Is told what happens.
        """
        workers = machine.workers(self.spec, address, runner)
        self.home.check_free(self.name)
        fitting.check(self.spec)
        observer = observer or Observer()
        digests = data_digests(self.spec.space)
        warmth = self._warm_start(digests)
        folder = self.home.new_sweep(self.name)
        with _driving(folder):
            goals = self.spec.goals
            facts = {"id": uuid4().hex, "planned": self.spec.trials, "data": digests}
            facts |= {warm_start.KEY: warmth.to_json()} if warmth else {}
            ledger = Ledger.create(folder, self.name, self.spec.describe(), goals.leading, **goals.attributes, **facts)
            _write_spec(folder, self.spec)
            if warmth:
                observer.warmed(warmth)
            return self._drive(ledger, workers, address, runner, observer)

    def resume(self, *, address: str | None = None, runner: Runner = "ray", observer: Observer | None = None) -> Sweep:
        """Go on where an interrupted sweep stood; nothing to do for one that is over."""
        workers = machine.workers(self.spec, address, runner)
        with _driving(self.folder):
            ledger = Ledger.open(self.home.sweep(self.name), read_only=False)
            return self._drive(ledger, workers, address, runner, observer or Observer())

    def extend(
        self,
        *,
        trials: int = 0,
        minutes: float = 0.0,
        total_epochs: int = 0,
        accelerator_hours: float = 0.0,
        target: float | None = None,
        **how: Any,
    ) -> Sweep:
        """Give the sweep more of a budget than it had, or a further target, and go on; `how` as for `resume`."""
        more = {
            "trials": trials,
            "minutes": minutes,
            "total_epochs": total_epochs,
            "accelerator_hours": accelerator_hours,
        }
        if trials and not (scheduler := self.spec.scheduler_choice).extensible:
            text = "trains all its trials together from the first epoch on: start a new sweep with more trials"
            raise SweepError(f"no trials can be added to {self.name!r}: {scheduler.key()} {text}")
        self.spec = SweepSpec.read(extension.extended(self.spec.describe(), more, target))
        with _driving(self.folder):
            ledger = Ledger.open(self.home.sweep(self.name), read_only=False)
            ledger.extend(self.spec.describe(), self.spec.goals.leading)
            _write_spec(self.folder, self.spec)
        return self.resume(**how)

    # --- asking ---

    def record(self) -> SweepRecord:
        """Everything the ledger knows, as plain records."""
        return Ledger.open(self.home.sweep(self.name)).record()

    def leaderboard(self) -> pd.DataFrame:
        """The trials, best first."""
        return leaderboard(self.record())

    def pareto(self) -> pd.DataFrame:
        """The leaderboard's trials that no other beats in all objectives at once; with one objective, the best ones."""
        return front(self.record())

    @property
    def best(self) -> TrialRecord | None:
        """The trial with the best value so far."""
        return self.record().best()

    @property
    def interrupted(self) -> bool:
        """Whether the last run ended by Ctrl-C, so that `resume` goes on."""
        return self.limits.interrupted

    # --- inside ---

    def _warm_start(self, digests: Mapping[str, str]) -> WarmStart | None:
        names = self.spec.warm_start
        if names is None:
            return None
        if names == warm_start.AUTO:
            records = _finished(self.home)
        else:
            records = [Ledger.open(self.home.sweep(name)).record() for name in dict.fromkeys(names)]
        return warm_start.warm_start(self.spec, digests, records)

    def _drive(self, ledger: Ledger, workers: int, address: str | None, runner: Runner, observer: Observer) -> Sweep:
        self.limits = Limits(deadline=_deadline(ledger, self.spec.budget.minutes))
        with (
            clocked(ledger, observer) as clock,
            tracks(ledger, self.home, clock) as tracked,
            _ctrl_c(self.limits),
        ):
            conductor = self._conductor(ledger, tracked)
            _runner(runner, workers, address)(conductor)
            conductor.close()
            if not self.interrupted:
                _note_end(ledger, self.limits.reason)
                conclude(ledger, conductor, tracked)
        self._check_result(ledger)
        return self

    def _conductor(self, ledger: Ledger, tracked: Tracks) -> Conductor:
        # Brackets are laid out for the trials first planned: an extended sweep must not deal its old trials anew.
        planned = ledger.study.user_attrs["planned"]
        spec = self.spec
        scheduler = spec.scheduler_choice.build(ledger.objective, spec.budget.epochs, planned, spec.space, spec.seed)
        return Conductor(spec, ledger, scheduler, tracked, self.limits, import_paths=_import_paths())

    def _check_result(self, ledger: Ledger) -> None:
        trials = ledger.trials()
        # What was not trained because it breaks a constraint has not failed.
        results = [trial.best(ledger.objective) or trial.standing for trial in trials]
        if not self.interrupted and trials and not any(results):
            cause = next((trial.cause for trial in trials if trial.cause), "unknown")
            raise EveryTrialFailedError(f"all {len(trials)} trials of {self.name!r} failed; the first: {cause}")


def _deadline(ledger: Ledger, minutes: float | None) -> float | None:
    """When the minutes are over, on this process's clock, those of earlier turns counted."""
    return None if minutes is None else time.monotonic() + minutes * 60 - driven_seconds(ledger)


def _finished(home: Home) -> list[SweepRecord]:
    """Every sweep of a home that is over, the newest first."""
    found = []
    for name in home.names():
        with suppress(LedgerError):  # one that is being made, or was cut before it began
            found.append(Ledger.open(home.sweep(name)).record())
    ended = [record for record in found if record.attributes.get("ended")]
    return sorted(ended, key=lambda record: record.created.timestamp() if record.created else 0.0, reverse=True)


def _note_end(ledger: Ledger, reason: str) -> None:
    """Why the sweep is over; looking again at one that is over changes nothing."""
    ended = reason or f"all {len(ledger.trials())} trials are done"
    if ledger.study.user_attrs.get("ended") != ended:
        ledger.note("ended", ended)


def _read_spec(
    spec: str | Path | Mapping[str, Any] | SweepSpec, overrides: Sequence[str], name: str | None
) -> SweepSpec:
    if isinstance(spec, str | Path):
        return SweepSpec.load(spec, overrides, name)
    raw = override(spec.describe() if isinstance(spec, SweepSpec) else spec, overrides)
    return SweepSpec.read({**raw, **({"name": name} if name else {})})


def _write_spec(folder: Path, spec: SweepSpec) -> None:
    import yaml

    (folder / "spec.yaml").write_text(yaml.safe_dump(spec.describe(), sort_keys=False), encoding="utf-8")


def _runner(runner: Runner, workers: int, address: str | None) -> Callable[[Conductor], None]:
    if runner == "inline":
        from tuner.runners import inline

        return inline.run
    from tuner.runners import on_ray

    return lambda conductor: on_ray.run(conductor, workers, address)


def _import_paths() -> tuple[str, ...]:
    """Where this process finds a user's own modules: the current folder, and what they put on the path by hand."""
    asked = [str(Path.cwd()), *os.environ.get("PYTHONPATH", "").split(os.pathsep), sys.path[0]]
    return tuple(dict.fromkeys(str(Path(path).absolute()) for path in asked if path and Path(path).is_dir()))


@contextmanager
def _driving(folder: Path) -> Iterator[None]:
    try:
        with driving(folder):
            yield
    except LeaseError as error:
        raise SweepError(str(error)) from error


@contextmanager
def _ctrl_c(limits: Limits) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) lets running epochs end and stops; the second stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: Any) -> None:
        if limits.interrupted:
            raise KeyboardInterrupt
        limits.stop("interrupted", interrupted=True)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
