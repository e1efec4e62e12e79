"""The field of entrants: a file in `peers` each, and our own searchers and schedulers as SEARCHER+SCHEDULER."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

from quality.play import Game, Method, Played
from quality.tasks import Task

PEERS = Path(__file__).resolve().parent.parent / "peers"


@dataclass(frozen=True)
class Peer:
    """A method from `peers`.

    Attributes:
        build: Makes it for a task, a seed, a number of workers and of full trainings.
        packages: What it is made of.
    """

    build: Callable[[Task, int, int, float], Method]
    packages: tuple[str, ...]

    def play(self, task: Task, seed: int, workers: int, until: float) -> Played:
        """One run."""
        return Game(task, self.build(task, seed, workers, until), workers, until).run()

    def stamp(self) -> tuple[str, str]:
        """Today, and the versions."""
        return date.today().isoformat(), " ".join(f"{name}-{metadata.version(name)}" for name in self.packages)


@dataclass(frozen=True)
class Ours:
    """A searcher and a scheduler of this project.

    Attributes:
        searcher: As a spec names it.
        scheduler: The same.
    """

    searcher: str
    scheduler: str

    def play(self, task: Task, seed: int, workers: int, until: float) -> Played:
        """One run, by the project's own simulation."""
        from tuner.recorded import RecordedTask
        from tuner.simulation import simulate

        budget = {"trainings": until} if workers == 1 else {"seconds": until * task.typical / workers}
        mine = RecordedTask(task.name, task.recorded)
        trace = simulate(mine, self.searcher, self.scheduler, seed=seed, workers=workers, **budget)
        steps = [
            (it.trainings if workers == 1 else it.seconds * workers / task.typical, task.loss(it.value))
            for it in trace.improvements
        ]
        thinking = sum(trace.suggesting) / max(1, len(trace.suggesting))
        return Played(steps, trials=trace.trials, suggestion=thinking)

    def stamp(self) -> tuple[str, str]:
        """Today, and the version."""
        return date.today().isoformat(), f"sweepforge-{metadata.version('sweepforge')}"


def find(name: str) -> Peer | Ours:
    """The entrant of that name.

    Raises:
        SystemExit: There is none, or it needs an environment that is not there.
    """
    if "+" in name:
        return Ours(*name.split("+", maxsplit=1))
    names = peers()
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SystemExit(
            f"--run {name}: no such method{hint} Name one of {', '.join(names)}, or one of ours as SEARCHER+SCHEDULER"
        )
    try:
        module = importlib.import_module(f"peers.{name}")
    except ModuleNotFoundError as error:
        raise SystemExit(f"--run {name}: {error}; {_remedy(name)}") from error
    return Peer(module.build, module.PACKAGES)


def python_of(name: str) -> Path | None:
    """The interpreter of a method's own environment; None if it runs in this one."""
    needs_own = (PEERS / f"{name}.txt").exists()
    return PEERS / ".venv" / name / "bin" / "python" if needs_own else None


def _remedy(name: str) -> str:
    return f"run benchmarks/peers/install.sh {name}" if python_of(name) else "run make install"


def peers() -> list[str]:
    """The names of the files in `peers`."""
    return sorted(path.stem for path in PEERS.glob("[a-z]*.py"))
