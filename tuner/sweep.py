"""One sweep, told top to bottom: the file to read first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from tracking import requests
from tracking.costs import best_by_architecture
from tracking.leaderboard import front, leaderboard
from tracking.lease import LeaseError, driving, holder
from tracking.ledger import Ledger
from tracking.onlooker import Onlooker
from tracking.records import SweepRecord, TrialRecord
from tuner import asking, changes, extension, fitting, full_disk, machine, rebuilding, specs, warm_start
from tuner.clock import clocked, driven_seconds
from tuner.conclusion import conclude
from tuner.conductor import Conductor
from tuner.control import Control
from tuner.datasets import data_digests
from tuner.errors import EveryTrialFailedError, SweepError
from tuner.home import Home
from tuner.limits import Limits
from tuner.observer import Observer
from tuner.retention import Keeper
from tuner.signals import ctrl_c
from tuner.spec import SweepSpec
from tuner.tracks import CaughtUp, catch_up, tracks
from tuner.verdicts import BY_HAND
from tuner.warm_start import WarmStart

if TYPE_CHECKING:
    import pandas as pd

    from tuner.confirmation import Confirmation
    from tuner.finetuning import Beginning
    from tuner.promotion import Promotion

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
        self.spec = specs.read(spec, overrides, name, Home.at(home))
        self._settle(self.spec.name or "sweep", Home.at(home))

    def _settle(self, name: str, home: Home) -> None:
        self.name, self.home = name, home
        self.limits = Limits()
        self.facts: dict[str, Any] = {}
        """What the ledger notes besides when the sweep begins."""

    @classmethod
    def open(cls, name: str, home: str | Path | None = None) -> Sweep:
        """A sweep that exists, to look at, to resume or to extend; only to look at it needs none of its modules."""
        sweep = cls.__new__(cls)
        sweep._settle(Home.at(home).sweep(name).name, Home.at(home))
        return sweep

    @cached_property
    def spec(self) -> SweepSpec:
        """What is searched, and how."""
        return SweepSpec.read(self.record().spec, f"spec of {self.name}")

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
        beginning = self._beginning()
        observer = observer or Observer()
        digests = data_digests(self.spec.space)
        warmth = self._warm_start(digests)
        folder = self.home.new_sweep(self.name)
        with _driving(folder):
            goals = self.spec.goals
            facts = {"id": uuid4().hex, "planned": self.spec.trials, "data": digests}
            facts[changes.KEY] = changes.facts(self.spec, digests)
            facts |= self.facts | ({warm_start.KEY: warmth.to_json()} if warmth else {})
            if beginning:
                facts |= beginning.keep(folder)
                for line in beginning.lines():
                    observer.noted(line)
            ledger = Ledger.create(folder, self.name, self.spec.describe(), goals.leading, **goals.attributes, **facts)
            specs.keep(folder, self.spec)
            if warmth:
                observer.warmed(warmth)
            return self._drive(ledger, workers, address, runner, observer)

    def resume(
        self,
        *,
        address: str | None = None,
        runner: Runner = "ray",
        observer: Observer | None = None,
        accept_changes: bool = False,
    ) -> Sweep:
        """Go on where an interrupted sweep stood; nothing to do for one that is over.

        Args:
            address: A Ray cluster to run on; one is started here for the purpose otherwise.
            runner: `ray`, or `inline` for one trial after another in this process.
            observer: Is told what happens.
            accept_changes: Go on though code, packages or data are others than before (`tuner.changes`).
        """
        workers = machine.workers(self.spec, address, runner)
        observer = observer or Observer()
        with _driving(self.folder):
            ledger = Ledger.open(self.home.sweep(self.name), read_only=False)
            if not ledger.study.user_attrs.get("ended"):
                for line in changes.check(ledger, self.spec, accept=accept_changes):
                    observer.noted(f"accepted: {line}")
            observer.resumed(ledger.record())
            return self._drive(ledger, workers, address, runner, observer)

    def extend(  # noqa: PLR0913 - what can be more, and what can be otherwise
        self,
        *,
        trials: int = 0,
        minutes: float = 0.0,
        total_epochs: int = 0,
        accelerator_hours: float = 0.0,
        target: float | None = None,
        space: str | Path | Mapping[str, Any] | None = None,
        scheduler: str | Mapping[str, Any] | None = None,
        searcher: str | Mapping[str, Any] | None = None,
        accept_changes: bool = False,
        **how: Any,
    ) -> Sweep:
        """Give the sweep more of a budget, a further target, another space, scheduler or searcher, and go on.

        Args:
            trials, minutes, total_epochs, accelerator_hours: How many more.
            target: In place of the objective's.
            space: What varies from now on, as in a spec: a YAML file or a mapping. Trials that it could have drawn are
                kept, the others set aside (`tuner.rebuilding`).
            scheduler: In place of the spec's; it is told what has happened as if it had always been there.
            searcher: In place of the spec's.
            accept_changes: As for `resume`.
            how: As for `resume`.
        """
        after = self.extended(
            trials=trials,
            minutes=minutes,
            total_epochs=total_epochs,
            accelerator_hours=accelerator_hours,
            target=target,
            space=space,
            scheduler=scheduler,
            searcher=searcher,
        )
        fitting.check(after)
        with _driving(self.folder):
            ledger = Ledger.open(self.home.sweep(self.name), read_only=False)
            accepted = changes.check(ledger, self.spec, accept=accept_changes)
            self.spec, told = rebuilding.go_on_under(ledger, self.spec, after)
            specs.keep(self.folder, self.spec)
        for line in (*(f"accepted: {it}" for it in accepted), *told):
            (how.get("observer") or Observer()).noted(line)
        return self.resume(**how)

    def extended(  # noqa: PLR0913 - as for `extend`
        self,
        *,
        trials: int = 0,
        minutes: float = 0.0,
        total_epochs: int = 0,
        accelerator_hours: float = 0.0,
        target: float | None = None,
        space: str | Path | Mapping[str, Any] | None = None,
        scheduler: str | Mapping[str, Any] | None = None,
        searcher: str | Mapping[str, Any] | None = None,
    ) -> SweepSpec:
        """The spec with which `extend` would go on; nothing is changed yet."""
        more = {
            "trials": trials,
            "minutes": minutes,
            "total_epochs": total_epochs,
            "accelerator_hours": accelerator_hours,
        }
        if trials and not (now := self.spec.scheduler_choice).extensible:
            text = "trains all its trials together from the first epoch on: start a new sweep with more trials"
            raise SweepError(f"no trials can be added to {self.name!r}: {now.key()} {text}")
        raw = extension.laid_over(self.spec.describe(), space, scheduler, searcher)
        if any(more.values()) or target is not None or raw == self.spec.describe():
            raw = extension.extended(raw, more, target)
        return SweepSpec.read(raw)

    def confirm(self, top: int = 3, seeds: int = 5, **how: Any) -> Confirmation:
        """Train the best configurations again with fresh seeds (`tuner.confirmation`); `how` as for `run`."""
        from tuner.confirmation import confirm

        return confirm(self, top, seeds, **how)

    def promote(self, to: str, **how: Any) -> Promotion:
        """Register the confirmed network and let an alias, `MODEL@champion`, point to it (`tuner.promotion`)."""
        from tuner.promotion import promote

        return promote(self, to, **how)

    def track(self) -> CaughtUp:
        """Show the whole sweep in MLflow, be it an empty server; each run and each point once.

        Raises:
            SweepError: A driver lives, which does so by itself; or MLflow does not take it.
        """
        if driver := holder(self.folder):
            raise SweepError(
                f"{self.name!r} is driven by {driver}, which shows it in MLflow by itself, and all that a server "
                "missed within a minute of its return: wait for it, or interrupt it with Ctrl-C there"
            )
        with _driving(self.folder):
            return catch_up(self.folder, self.home)

    # --- steering, from any process; each returns what was done, in words ---

    def pause(self) -> str:
        """Let the driver end the running epochs and leave; `resume` goes on."""
        return asking.ask(self.home.sweep(self.name), "pause")

    def stop(self, trial: int | None = None) -> str:
        """End the sweep for good: running epochs end, what waits is pruned, the best is judged. Or end one trial."""
        return self._ask("stop", {} if trial is None else {"trial": trial})

    def set(self, *, workers: int) -> str:
        """Change how many trials run at once from now on."""
        return self._ask("set", {"workers": workers})

    def enqueue(self, point: Mapping[str, Any]) -> str:
        """Have a point tried next, given whole or in part as in the spec's `points`."""
        return self._ask("enqueue", {"point": asking.checked(point, self.spec.space)})

    # --- asking ---

    def record(self) -> SweepRecord:
        """Everything the ledger knows, as plain records."""
        return Onlooker(self.home.sweep(self.name)).record()

    def leaderboard(self) -> pd.DataFrame:
        """The trials, best first."""
        return leaderboard(self.record())

    def by_architecture(self) -> pd.DataFrame:
        """Each architecture's best value at equal cost (`tracking.costs.best_by_architecture`)."""
        return best_by_architecture(self.record())

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

    def _ask(self, verb: str, arguments: Mapping[str, Any]) -> str:
        """By the driver; at once and here, where there is none."""
        folder = self.home.sweep(self.name)
        if holder(folder):
            with suppress(asking.LeftError):  # it was at its end: then as where nobody drives it
                return asking.ask(folder, verb, arguments)
        with _driving(folder):
            ledger = Ledger.open(folder, read_only=False)
            asking.check_not_over(ledger, verb, arguments)
            request = requests.send(folder, verb, arguments)
            if verb == "stop" and not arguments:
                self._drive(ledger, 1, None, "inline", Observer())
            else:
                Control(self._conductor(ledger, Observer()), partial(machine.check_workers, self.spec))
            return asking.answer(ledger, request) + asking.how_to_go_on(ledger, verb)

    def _beginning(self) -> Beginning | None:
        """What the sweep starts from, if from a registered version; the spec then has a strategy in place of `auto`."""
        if self.spec.start_from is None:
            return None
        from tuner import finetuning

        found = finetuning.begin(self.spec, self.home)
        self.spec = found.spec
        return found

    def _warm_start(self, digests: Mapping[str, str]) -> WarmStart | None:
        names = self.spec.warm_start
        if names is None:
            return None
        if names == warm_start.AUTO:
            records = self.home.finished()
        else:
            records = [Onlooker(self.home.sweep(name)).record() for name in dict.fromkeys(names)]
        return warm_start.warm_start(self.spec, digests, records)

    def _drive(self, ledger: Ledger, workers: int, address: str | None, runner: Runner, observer: Observer) -> Sweep:
        self.limits = Limits(deadline=_deadline(ledger, self.spec.budget.minutes))
        if ledger.study.user_attrs.get("ended") == BY_HAND:
            self.limits.stop(BY_HAND)
        with (
            full_disk.stopping(self.limits, self.folder),
            clocked(ledger, Keeper(ledger, self.spec, observer)) as clock,
            tracks(ledger, self.home, clock) as tracked,
            ctrl_c(self.limits),
        ):
            conductor = self._conductor(ledger, tracked)
            check = partial(machine.check_workers, self.spec, address=address, runner=runner)
            conductor.workers = asking.workers(ledger, workers, check)
            control = Control(conductor, check)
            _runner(runner, address)(conductor, control.poll)
            conductor.close()
            if not self.interrupted:
                _note_end(ledger, self.limits.reason)
                conclude(ledger, conductor, tracked)
        self._check_result(ledger)
        return self

    def _conductor(self, ledger: Ledger, observer: Observer) -> Conductor:
        # Brackets are laid out for the trials first planned: an extended sweep must not deal its old trials anew.
        planned = ledger.study.user_attrs["planned"]
        spec = self.spec
        scheduler = spec.scheduler_choice.build(ledger.objective, spec.budget.epochs, planned, spec.space, spec.seed)
        return Conductor(
            spec,
            ledger,
            scheduler,
            observer,
            self.limits,
            import_paths=machine.import_paths(),
            saves_epochs=not spec.budget.is_of_time,
        )

    def _check_result(self, ledger: Ledger) -> None:
        trials = ledger.trials()
        # What was not trained because it breaks a constraint has not failed.
        results = [trial.best(ledger.objective) or trial.standing for trial in trials]
        if not self.interrupted and self.limits.reason != BY_HAND and trials and not any(results):
            cause = next((trial.cause for trial in trials if trial.cause), "unknown")
            raise EveryTrialFailedError(f"all {len(trials)} trials of {self.name!r} failed; the first: {cause}")


def _deadline(ledger: Ledger, minutes: float | None) -> float | None:
    """When the minutes are over, on this process's clock, those of earlier turns counted."""
    return None if minutes is None else time.monotonic() + minutes * 60 - driven_seconds(ledger)


def _note_end(ledger: Ledger, reason: str) -> None:
    """Why the sweep is over; looking again at one that is over changes nothing."""
    ended = reason or f"all {len(ledger.trials())} trials are done"
    if ledger.study.user_attrs.get("ended") != ended:
        ledger.note("ended", ended)


def _runner(runner: Runner, address: str | None) -> Callable[[Conductor, Callable[[], None]], None]:
    if runner == "inline":
        from tuner.runners import inline

        return inline.run
    from tuner.runners import on_ray

    return lambda conductor, meanwhile: on_ray.run(conductor, address=address, meanwhile=meanwhile)


@contextmanager
def _driving(folder: Path) -> Iterator[None]:
    try:
        with driving(folder):
            yield
    except LeaseError as error:
        raise SweepError(str(error)) from error
