"""How long an interrupted sweep of 1,000 trials takes to go on: from `tuner resume` to the first job given out.

    python benchmarks/resume_time.py [--trials 1000] [--epochs 10] [--searcher random] [--scheduler asha] [--rounds 5]
        [--profile] [--json FILE]

The sweep is written by the ledger, conductor and scheduler of every sweep, with curves by formula in place of
trainings, and left with some of its trials running. Each round copies it, starts `tuner resume --inline --json` as a
process of its own and ends that with the first line that says that a trial has started. Its processor time hardly moves
with what else the machine is doing; starting Python and importing torch, Optuna and the rest is part of it, and shown
apart.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import math
import os
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from search_spaces import plugins
from tracking.ledger import Ledger
from tracking.records import Report
from tuner.conductor import Conductor
from tuner.home import Home
from tuner.spec import SweepSpec
from tuner.tracks import catch_up

AIM_SECONDS = 10.0
LEFT = 10
"""So many trials are not begun yet when the sweep is interrupted."""
TUNER = [sys.executable, "-c", "from tuner.commands import main; main()"]
IMPORTS = "import tuner.sweep, tuner.trial, tuner.runners.inline, ray.tune, mlflow"


def spec_of(asked: argparse.Namespace) -> SweepSpec:
    """A small space; one more trial than is begun, so that something is left to do."""
    return SweepSpec.read(
        {
            "name": "interrupted",
            "dataset": "digits",
            "architecture": {"mlp": {"width": {"low": 32, "high": 512, "log": True}}},
            "budget": {"trials": asked.trials + LEFT, "epochs": asked.epochs},
            "searcher": asked.searcher,
            "scheduler": asked.scheduler,
        }
    )


def write(home: Path, spec: SweepSpec) -> Path:
    """The interrupted sweep; returns its folder."""
    folder = home / "sweeps" / "interrupted"
    folder.mkdir(parents=True)
    ledger = Ledger.create(
        folder, "interrupted", spec.describe(), spec.objective.resolved(), id="one", planned=spec.trials
    )
    with mock.patch("os.fsync"):  # the sweep is measured when it is read
        _drive(conductor_of(spec, ledger), spec)
    catch_up(folder, Home.at(home))  # as far as its driver had shown it
    return folder


def conductor_of(spec: SweepSpec, ledger: Ledger) -> Conductor:
    """As a sweep makes it."""
    planned, epochs = spec.trials, spec.budget.epochs
    return Conductor(
        spec, ledger, spec.scheduler_choice.build(ledger.objective, epochs, planned, spec.space, spec.seed)
    )


def _drive(conductor: Conductor, spec: SweepSpec) -> None:
    while (job := conductor.next_job()) is not None and job.number < spec.trials - LEFT:
        done = conductor.ledger.trial(job.number).epochs
        for step in range(done + 1, spec.budget.epochs + 1):
            height = math.sin(job.number * 7.13) / 2 + 0.5
            value = height * (1 - math.exp(-step / 3))
            metrics = {"val/accuracy": value, "val/loss": 1 - value, "train/loss": 1 - value, "lr": 0.01}
            if not conductor.report(job.number, Report(step, metrics, step / 10)):
                break
        conductor.finished(job.number)


def resumed(home: Path) -> dict[str, float]:
    """Seconds by the clock and of the processor until the first trial has started."""
    environment = os.environ | {"TUNER_HOME": str(home)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    began = time.perf_counter()
    command = [*TUNER, "resume", "interrupted", "--inline", "--json", "--accept-changes"]
    driver = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    line = next((line for line in driver.stdout if json.loads(line)["event"] == "started"), None)
    took = {"seconds": time.perf_counter() - began, **_processor(driver)}
    driver.kill()
    driver.communicate()
    if line is None:
        raise SystemExit("the sweep ended before it had started a trial")
    return took


def _processor(driver: subprocess.Popen[str]) -> dict[str, float]:
    times = psutil.Process(driver.pid).cpu_times()
    return {"cpu_seconds": times.user + times.system}


def imported() -> dict[str, float]:
    """What starting Python and importing everything takes of it."""
    began = time.perf_counter()
    code = f"{IMPORTS}; import time; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {"seconds": time.perf_counter() - began, "cpu_seconds": float(done.stdout.split()[-1])}


def profiled(folder: Path, spec: SweepSpec) -> None:
    """Where the time goes between opening the ledger and the first job."""
    for name in (spec.searcher_choice.key(), spec.scheduler_choice.key()):
        for kind in ("tuner.searchers", "tuner.schedulers"):
            if name in plugins.names(kind):
                plugins.find(kind, name)
    profile = cProfile.Profile()
    profile.enable()
    conductor_of(spec, Ledger.open(folder, read_only=False)).next_job()
    profile.disable()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


def spread(turns: list[dict[str, float]], key: str) -> str:
    """Median and range."""
    values = [turn[key] for turn in turns]
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    """Write the sweep once, resume copies of it, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--searcher", default="random")
    parser.add_argument("--scheduler", default="asha")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    parser.add_argument("--json", type=Path, help="also write every turn to this file")
    asked = parser.parse_args()
    spec = spec_of(asked)
    turns: dict[str, list[dict[str, Any]]] = {"resume": [], "imports": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = write(Path(temporary) / "home", spec)
        if asked.profile:
            profiled(folder, spec)
            return
        reports = len(Ledger.open(folder).history())
        for turn in range(asked.rounds):
            copy = Path(temporary) / f"copy-{turn}"
            shutil.copytree(folder.parents[1], copy)
            turns["resume"].append(resumed(copy))
            turns["imports"].append(imported())
    print(f"{asked.trials:,} trials, {reports:,} reports, {asked.searcher} + {asked.scheduler}")
    for name, found in turns.items():
        print(f"{name:8} by the clock {spread(found, 'seconds')} s, processor {spread(found, 'cpu_seconds')} s")
    middle = statistics.median(turn["seconds"] for turn in turns["resume"])
    print(f"{'below' if middle < AIM_SECONDS else 'NOT below'} {AIM_SECONDS:.0f} s by the clock")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("optuna", "ray", "torch"))
    print(f"\n{date.today().isoformat()}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; {versions}")
    print(" ".join(["python", "benchmarks/" + Path(sys.argv[0]).name, *sys.argv[1:]]))
    if asked.json:
        asked.json.write_text(json.dumps(turns, indent=2) + "\n")


if __name__ == "__main__":
    main()
