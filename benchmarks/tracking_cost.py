"""What tracking costs the driver of a sweep, for each report that a trial makes.

    python benchmarks/tracking_cost.py [--trials 64] [--epochs 10] [--pace 40] [--rounds 2] [--json FILE]

A driver writes the ledger of a sweep that trains nothing: trials are asked, report every epoch, and are told, at the
pace of a busy sweep (`--pace` reports a second). Three ways take turns, in one process:

- `ledger`: the ledger alone, MLflow not shown anything.
- `projection`: the same, while a `tracking.projection.Projection` shows it in MLflow on SQLite from its own thread.
- `direct`: the same, the driver itself sending each report to MLflow by one `log_batch`: what it would cost without
  the projection.

`waits` is how long the driver stands still for a report. `CPU` is the processor time of the whole process: what trials
on the same machine cannot use. `behind` is how long after the last report MLflow showed everything.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import optuna
from mlflow import MlflowClient
from mlflow.entities import Metric

from tracking.ledger import Ledger
from tracking.projection import Projection, follow
from tracking.records import CheckpointRef, Objective, Report, State
from tracking.stores.on_mlflow import OnMlflow

AT_ONCE = 2
SPEC = {"name": "cost", "architecture": {"mlp": {"width": {"low": 32, "high": 512}}}}
WAYS = ("ledger", "projection", "direct")
Told = Callable[[int, Report], None]


def metrics(number: int, step: int) -> dict[str, float]:
    """As many metrics as a supervised trial reports."""
    right = 1 - 1 / (1 + step + number / 7)
    return {
        "train/loss": 1 - right,
        "train/accuracy": right,
        "val/loss": 1.1 - right,
        "val/accuracy": right,
        "lr": 1e-3,
        "seconds": step / 10,
        "peak_memory_mb": 500.0,
    }


def suggest(trial: optuna.trial.Trial) -> Mapping[str, Mapping[str, Any]]:
    """A trial's choices."""
    return {
        "architecture": {"name": "mlp", "width": trial.suggest_int("architecture.mlp.width", 32, 512), "depth": 2},
        "optimizer": {"name": "adamw", "lr": trial.suggest_float("optimizer.adamw.lr", 1e-4, 1e-1, log=True)},
        "training": {"name": "training", "batch_size": 32},
    }


def drive(ledger: Ledger, trials: int, epochs: int, pace: float, told: Told) -> list[float]:
    """Write a whole sweep, two trials in turns; returns how long the driver stood still for each report."""
    waits: list[float] = []
    sampler = optuna.samplers.RandomSampler(seed=0)
    due = time.perf_counter()
    for first in range(0, trials, AT_ONCE):
        numbers = [ledger.ask(sampler, suggest).number for _ in range(first, min(first + AT_ONCE, trials))]
        for step in range(1, epochs + 1):
            for number in numbers:
                due += 1 / pace
                time.sleep(max(0.0, due - time.perf_counter()))
                began = time.perf_counter()
                checkpoint = CheckpointRef(f"trials/{number}/checkpoints/epoch-{step:04d}.ckpt", step, f"{step:016x}")
                report = Report(step, metrics(number, step), step / 10, checkpoint)
                ledger.report(number, report)
                told(number, report)
                waits.append(time.perf_counter() - began)
        for number in numbers:
            ledger.tell(number, State.COMPLETE)
    return waits


def measure(way: str, empty: Path, trials: int, epochs: int, pace: float) -> dict[str, float]:
    """One sweep, one way; `empty` is a fresh MLflow database to copy."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "sweep"
        folder.mkdir()
        database = Path(shutil.copy(empty, Path(temporary) / "mlflow.db"))
        uri = f"sqlite:///{database}"
        ledger = Ledger.create(folder, "cost", SPEC, Objective(), id="cost")
        begun, busy = time.perf_counter(), time.process_time()
        if way == "projection":
            projection = Projection(follow(folder), OnMlflow(uri, folder / "artifacts"))
            projection.start()
            waits = drive(ledger, trials, epochs, pace, lambda number, report: projection.nudge())
            last = time.perf_counter()
            if not projection.close(60):
                raise SystemExit(projection.problem)
        elif way == "direct":
            client = MlflowClient(uri)
            experiment = client.create_experiment("cost", str(folder / "artifacts"))
            waits = drive(ledger, trials, epochs, pace, partial(send, client, experiment, {}))
            last = time.perf_counter()
        else:
            waits = drive(ledger, trials, epochs, pace, lambda number, report: None)
            last = time.perf_counter()
        ended, busy_end = time.perf_counter(), time.process_time()
        ordered = sorted(waits)
        return {
            "median_ms": statistics.median(waits) * 1e3,
            "mean_ms": statistics.mean(waits) * 1e3,
            "p99_ms": ordered[int(len(ordered) * 0.99)] * 1e3,
            "cpu_ms": (busy_end - busy) / len(waits) * 1e3,
            "behind_s": ended - last,
            "whole_s": ended - begun,
        }


def send(client: MlflowClient, experiment: str, runs: dict[int, str], number: int, report: Report) -> None:
    """What a callback without a thread of its own does."""
    if number not in runs:
        runs[number] = client.create_run(experiment, run_name=f"trial-{number:03d}").info.run_id
    now = int(time.time() * 1000)
    client.log_batch(runs[number], [Metric(key, value, now, report.step) for key, value in report.metrics.items()])


def spread(turns: list[dict[str, float]], key: str) -> str:
    """Median and range."""
    values = [turn[key] for turn in turns]
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    """Take the turns, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--pace", type=float, default=40.0, help="reports a second")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every turn to this file")
    asked = parser.parse_args()
    turns: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as temporary:
        empty = Path(temporary) / "mlflow.db"
        began = time.perf_counter()
        OnMlflow(f"sqlite:///{empty}", Path(temporary) / "artifacts").experiment("warm", {})
        migrated = time.perf_counter() - began
        for _ in range(asked.rounds):
            for way in WAYS:
                turns[way].append(measure(way, empty, asked.trials, asked.epochs, asked.pace))
    print(f"{'median (range)':12} {'waits, median ms':24} {'waits, p99 ms':24} {'CPU ms a report':24} behind s")
    for way, found in turns.items():
        columns = [spread(found, key) for key in ("median_ms", "p99_ms", "cpu_ms", "behind_s")]
        print(f"{way:12} " + " ".join(f"{column:24}" for column in columns[:3]), columns[3])
    pairs = list(zip(turns["projection"], turns["ledger"], strict=True))
    cost = {key: statistics.median([shown[key] - bare[key] for shown, bare in pairs]) for key in ("mean_ms", "cpu_ms")}
    print(
        f"\ntracking costs the driver {cost['mean_ms']:.2f} ms of waiting a report on average (aim: below 5), "
        f"and the machine {cost['cpu_ms']:.2f} ms of CPU"
    )
    print(f"the first database took {migrated:.1f} s, once")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("mlflow", "optuna"))
    print(f"\n{date.today().isoformat()}, {cores} cores, load average {os.getloadavg()[0]:.1f}; {versions}")
    print(" ".join(["python", "benchmarks/" + Path(sys.argv[0]).name, *sys.argv[1:]]))
    if asked.json:
        asked.json.write_text(json.dumps(turns, indent=2) + "\n")


if __name__ == "__main__":
    main()
