"""How long MLflow takes to be caught up with a sweep that it has never seen: the ledger is whole, the store empty.

    python benchmarks/catch_up.py [--trials 1000] [--epochs 13] [--rounds 3] [--ways WAY ...] [--json FILE]

A sweep that trained nothing is written to a ledger: five metrics an epoch and what the projection adds to them. Then
`tracking.projection.Projection.catch_up`, which is what `tuner track` and the end of a sweep do, shows it

- on a fresh SQLite database that it opens itself,
- on a fresh `mlflow server` of this machine, as `compose.yaml` starts it (one worker),
- on one started with MLflow's own defaults (four workers, and a job runner).

`points` is what arrived, counted in the store's database afterwards. The second look is what a later `tuner track`
costs, which finds nothing to do. `processor` is what the first took of this process and its server together: on a
machine with other work, seconds by the clock are an upper bound.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import optuna
import psutil

from tracking.ledger import Ledger
from tracking.projection import Projection, follow
from tracking.records import CheckpointRef, Objective, Report, State
from tracking.stores.on_mlflow import OnMlflow

SPEC = {"name": "caught", "architecture": {"mlp": {"width": {"low": 32, "high": 512}}}}
SERVERS: Mapping[str, tuple[list[str], dict[str, str]]] = {
    "server, one worker": (["--workers", "1"], {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}),
    "server, defaults": ([], {}),
}
AIM_SECONDS = 60.0


def metrics(number: int, step: int) -> dict[str, float]:
    """What a small trial reports."""
    right = 1 - 1 / (1 + step + number / 7)
    return {"train/loss": 1 - right, "val/loss": 1.1 - right, "val/accuracy": right, "lr": 1e-3, "peak_memory_mb": 5.0}


def suggest(trial: optuna.trial.Trial) -> Mapping[str, Mapping[str, Any]]:
    """A trial's choices."""
    return {
        "architecture": {"name": "mlp", "width": trial.suggest_int("architecture.mlp.width", 32, 512), "depth": 2},
        "optimizer": {"name": "adamw", "lr": trial.suggest_float("optimizer.adamw.lr", 1e-4, 1e-1, log=True)},
        "training": {"name": "training", "batch_size": 32},
    }


def write(folder: Path, trials: int, epochs: int) -> None:
    """The ledger of a whole sweep that trained nothing."""
    ledger = Ledger.create(folder, "caught", SPEC, Objective(), id="caught")
    sampler = optuna.samplers.RandomSampler(seed=0)
    for _ in range(trials):
        number = ledger.ask(sampler, suggest).number
        for step in range(1, epochs + 1):
            kept = CheckpointRef(f"trials/{number}/checkpoints/epoch-{step:04d}.ckpt", step, f"{step:016x}")
            ledger.report(number, Report(step, metrics(number, step), step / 10, kept))
        ledger.tell(number, State.COMPLETE)


@contextmanager
def served(database: Path, options: list[str], settings: Mapping[str, str]) -> Iterator[str]:
    """An MLflow server on a database, until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{database}", **settings}
    artifacts = ["--artifacts-destination", str(database.parent / "artifacts")]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), *options, *artifacts]
    log = (database.parent / "server.log").open("wb")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=database.parent)
    uri = f"http://127.0.0.1:{port}"
    try:
        while not _answers(uri):
            if server.poll() is not None:
                raise SystemExit((database.parent / "server.log").read_text())
            time.sleep(0.2)
        yield uri
    finally:
        family = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        server.wait()


def _answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def catch_up(folder: Path, uri: str, database: Path) -> dict[str, float]:
    """Show the sweep in an empty store, then look again as another process would."""
    artifacts = None if uri.startswith("http") else database.parent / "artifacts"
    took, used = [], [_processor_seconds()]
    for _ in range(2):
        projection = Projection(follow(folder), OnMlflow(uri, artifacts))
        began = time.perf_counter()
        if not projection.catch_up():
            raise SystemExit(projection.problem)
        took.append(time.perf_counter() - began)
        used.append(_processor_seconds())
    with sqlite3.connect(database) as store:
        runs, points = (store.execute(f"select count(*) from {it}").fetchone()[0] for it in ("runs", "metrics"))
    return {"first_s": took[0], "processor_s": used[1] - used[0], "again_s": took[1], "runs": runs, "points": points}


def _processor_seconds() -> float:
    """What this process and all those below it have used so far."""
    me = psutil.Process()
    return float(sum(sum(it.cpu_times()[:2]) for it in (me, *me.children(recursive=True))))


def measure(way: str, folder: Path, empty: Path) -> dict[str, float]:
    """One way, once, on a copy of an empty database."""
    with tempfile.TemporaryDirectory() as temporary:
        database = Path(shutil.copy(empty, Path(temporary) / "mlflow.db"))
        if way not in SERVERS:
            return catch_up(folder, f"sqlite:///{database}", database)
        with served(database, *SERVERS[way]) as uri:
            return catch_up(folder, uri, database)


def main() -> None:
    """Take the turns, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=13)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=["SQLite", *SERVERS], default=["SQLite", *SERVERS])
    parser.add_argument("--json", type=Path, help="also write every turn to this file")
    asked = parser.parse_args()
    ways = asked.ways
    turns: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as temporary:
        folder, empty = Path(temporary) / "sweep", Path(temporary) / "mlflow.db"
        folder.mkdir()
        write(folder, asked.trials, asked.epochs)
        OnMlflow(f"sqlite:///{empty}", Path(temporary) / "artifacts").experiment("warm", {})
        for _ in range(asked.rounds):
            for way in ways:
                turns[way].append(measure(way, folder, empty))
                print(f"{way}: {turns[way][-1]}", file=sys.stderr)
    head = f"{'caught up, s: median (range)':32} {'processor, s':14} {'again, s':10}"
    print(f"{'':20} {head} {'runs':>7} {'points':>9}   aim")
    for way, found in turns.items():
        took = [turn["first_s"] for turn in found]
        middle = statistics.median(took)
        again, used = (statistics.median(turn[key] for turn in found) for key in ("again_s", "processor_s"))
        told = f"{middle:.1f} ({min(took):.1f} to {max(took):.1f})"
        held = f"{'below' if middle < AIM_SECONDS else 'NOT below'} {AIM_SECONDS:.0f} s"
        print(
            f"{way:20} {told:32} {used:<14.1f} {again:<10.2f} {found[0]['runs']:>7,} {found[0]['points']:>9,}   {held}"
        )
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("mlflow", "optuna"))
    print(f"\n{date.today().isoformat()}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; {versions}")
    print(" ".join(["python", "benchmarks/" + Path(sys.argv[0]).name, *sys.argv[1:]]))
    if asked.json:
        asked.json.write_text(json.dumps(turns, indent=2) + "\n")


if __name__ == "__main__":
    main()
