"""How long does the leaderboard of a sweep of 10,000 trials take?

    python benchmarks/leaderboard_time.py [--trials 10000] [--rounds 5] [--json FILE]

Makes a ledger on disk as a driver writes it, with curves by formula of 10 epochs a trial in place of trainings, and
gives the processor time, which hardly moves with what else the machine is doing, and the time by the clock: of
`tuner leaderboard` and `tuner status` as processes of their own, starting Python and all imports included, and, inside
this process, of ranking a record that is in memory and of reading the ledger without and with Optuna.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib import metadata
from pathlib import Path
from unittest import mock

import optuna

from tracking.leaderboard import leaderboard
from tracking.ledger import Ledger
from tracking.onlooker import Onlooker
from tracking.records import CheckpointRef, Report, State
from tuner.spec import SweepSpec

AIM_SECONDS = 2.0
"""Of the processor, for a leaderboard from the command line."""
EPOCHS = 10
SPEC = {
    "name": "large",
    "dataset": "digits",
    "architecture": ["mlp", "linear"],
    "optimizer": "adamw",
    "searcher": "random",
    "scheduler": "none",
}
TUNER = [sys.executable, "-c", "from tuner.commands import main; main()"]


def make(home: Path, trials: int) -> Path:
    """A sweep that trained nothing: what its driver would write; returns its folder."""
    spec = SweepSpec.read({**SPEC, "budget": {"trials": trials, "epochs": EPOCHS}})
    folder = home / "sweeps" / "large"
    folder.mkdir(parents=True)
    sampler = optuna.samplers.RandomSampler(seed=0)
    with mock.patch("os.fsync"):  # the sweep is measured when it is read
        ledger = Ledger.create(folder, "large", spec.describe(), spec.goals.leading, id="large", planned=trials)
        for number in range(trials):
            ledger.ask(sampler, spec.space.suggest)
            for step in range(1, EPOCHS + 1):
                ledger.report(number, _report(number, step))
            ledger.tell(number, State.FAIL if number % 50 == 0 else State.COMPLETE)
    return folder


def _report(number: int, step: int) -> Report:
    metrics = {"val/accuracy": 1 - 1 / (step + number % 997), "parameters": 1000.0, "size_mb": 0.004}
    checkpoint = CheckpointRef(f"trials/{number}/checkpoints/epoch-{step:04d}.ckpt", step, f"{number:064d}")
    return Report(step, metrics, seconds=step + number / 7, checkpoint=checkpoint)


def timed(act: Callable[[], object], rounds: int) -> dict[str, list[float]]:
    """Seconds of the processor, those of processes that were started and have ended included, and by the clock."""
    found: dict[str, list[float]] = {"processor": [], "clock": []}
    for _ in range(rounds):
        processor, clock = _processor(), time.perf_counter()
        act()
        found["processor"].append(_processor() - processor)
        found["clock"].append(time.perf_counter() - clock)
    return found


def _processor() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def command(home: Path, *words: str) -> Callable[[], object]:
    """A `tuner` command as a process."""
    environment = os.environ | {"TUNER_HOME": str(home)}
    return lambda: subprocess.run([*TUNER, *words], check=True, capture_output=True, env=environment)


def main() -> None:
    """Make the sweep, time it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write every single measurement")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        folder = make(home, asked.trials)
        record = Onlooker(folder).record()
        acts: dict[str, Callable[[], object]] = {
            "tuner leaderboard": command(home, "leaderboard", "large"),
            "tuner leaderboard --format csv": command(home, "leaderboard", "large", "--format", "csv"),
            "tuner leaderboard --top 20": command(home, "leaderboard", "large", "--top", "20"),
            "tuner status": command(home, "status", "large"),
            "python -c 'import pandas, typer'": lambda: subprocess.run(
                [sys.executable, "-c", "import pandas, typer"], check=True
            ),
            "ranking a record in memory": lambda: leaderboard(record),
            "reading the ledger": lambda: Onlooker(folder).record(),
            "reading the ledger with Optuna": lambda: Ledger.open(folder).record(),
        }
        found = {name: timed(act, asked.rounds) for name, act in acts.items()}
        megabytes = (folder / "ledger.journal").stat().st_size / 1e6
    versions = ", ".join(f"{it} {metadata.version(it)}" for it in ("optuna", "pandas"))
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {versions}")
    print(f"{asked.trials:,} trials of {EPOCHS} epochs, {megabytes:.0f} MB; aim: {AIM_SECONDS:g} s of the processor")
    for name, seconds in found.items():
        texts = [
            f"{kind} {statistics.median(them):5.2f} ({min(them):.2f} to {max(them):.2f})"
            for kind, them in seconds.items()
        ]
        print(f"  {name:34} {'   '.join(texts)} s")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
