"""How long does the leaderboard of a sweep of 10,000 trials take?

    python benchmarks/leaderboard_time.py [--trials 10000]

Makes a ledger on disk with 10 epochs a trial, and times, the median of three: the ranking of a record that is in
memory, `Sweep.leaderboard()` with opening the ledger, and `tuner leaderboard` as a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import optuna

from tracking.leaderboard import leaderboard
from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner import Sweep, SweepSpec

SPEC = {
    "name": "large",
    "dataset": "digits",
    "architecture": ["mlp", "linear"],
    "optimizer": "adamw",
    "searcher": "random",
    "scheduler": "none",
}


def make(home: Path, trials: int) -> None:
    """A sweep that trained nothing: what its driver would write."""
    spec = SweepSpec.read({**SPEC, "budget": {"trials": trials, "epochs": 10}})
    folder = home / "sweeps" / "large"
    folder.mkdir(parents=True)
    ledger = Ledger.create(folder, "large", spec.describe(), spec.goals.leading, id="large", planned=trials)
    sampler = optuna.samplers.RandomSampler(seed=0)
    for number in range(trials):
        ledger.ask(sampler, spec.space.suggest)
        for step in range(1, 11):
            metrics = {"val/accuracy": 1 - 1 / (step + number % 997), "parameters": 1000.0, "size_mb": 0.004}
            ledger.report(number, Report(step, metrics, seconds=float(step)))
        ledger.tell(number, State.FAIL if number % 50 == 0 else State.COMPLETE)


def seconds(act: Callable[[], object], times: int = 3) -> float:
    """The median time of a call."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def command(home: Path, *options: str) -> Callable[[], object]:
    """`tuner leaderboard` as a process."""
    environment = os.environ | {"TUNER_HOME": str(home)}
    words = [sys.executable, "-c", "from tuner.commands import main; main()", "leaderboard", "large", *options]
    return lambda: subprocess.run(words, check=True, capture_output=True, env=environment)


def main() -> None:
    """Make the sweep, time it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make(home, trials)
        record = Sweep.open("large", home).record()
        figures = {
            "ranking a record in memory": seconds(lambda: leaderboard(record)),
            "Sweep.leaderboard(), opening the ledger": seconds(lambda: Sweep.open("large", home).leaderboard()),
            "tuner leaderboard --format csv": seconds(command(home, "--format", "csv")),
            "tuner leaderboard --top 20": seconds(command(home, "--top", "20")),
            "tuner leaderboard": seconds(command(home)),
        }
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} CPUs, {load}, {trials} trials")
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
