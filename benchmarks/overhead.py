"""What a trial costs beyond its training: this platform beside the stock stack, measured in one run.

    python benchmarks/overhead.py [--trials 64] [--stock-trials 16] [--rounds 2] [--rows] [--json FILE]

Every trial trains the same network on the same data: an MLP (width 128, depth 2) on scikit-learn's digits, 10 epochs,
batch 32, AdamW, one thread, validated and reported each epoch, shown in MLflow on SQLite. Two trials run at once. Both
stacks try the same learning rates: those that this platform's random searcher draws.

- `ours`: `Sweep({...}).run()` on Ray, searcher random, scheduler none.
- `stock`: a Ray Tune function trainable around a stock `lightning.pytorch.Trainer`, with `TuneReportCheckpointCallback`
  for the metrics and `MLflowLoggerCallback`; every setting at its default. It splits the data itself, into parts of the
  same sizes, so that accuracies differ a little.

The stacks take turns (ours, stock, ours, stock), each turn in a fresh process. `cold start` is from the start of that
process to its first report: imports, Ray, the first database. `steady` is what one trial more costs: the time between
the end of the first two trials and the end of the last, over the number of trials in between. `CPU` is the processor
time of the whole process tree in that span, Ray's own processes included: other work on the machine moves it less.
Ray gives its workers a low priority (nice 15); here they have the usual one, in both stacks, for the same reason.

With `--rows` two more rows say where the time goes: our trials without Ray, in one process, and a plain torch loop in
memory, which is the floor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import date
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

EPOCHS, BATCH, WIDTH, DEPTH, WORKERS = 10, 32, 128, 2, 2
LABELS = {
    "ours": "ours: Sweep on Ray, 2 workers",
    "stock": "stock: Tune + Lightning + MLflow callback, 2 workers",
    "inline": "ours without Ray: one process, one trial at a time",
    "plain": "plain torch loop: one process, one trial at a time",
}
PACKAGES = ("torch", "lightning", "ray", "optuna", "mlflow")


# --- clocks: what every stack is measured with, inside its own process ---


class Clock:
    """Notes when reports and ends of trials come, and the processor time of this process and all it started."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self._seen: dict[tuple[int, float], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        self.first_report: float | None = None
        self.ends: list[tuple[float, float]] = []  # (seconds since this process began, processor seconds)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles all that it is given, for a restart that is not wanted here."""
        return {}

    def reported(self) -> None:
        """A trial has reported an epoch."""
        if self.first_report is None:
            self.first_report = self._now()

    def ended(self) -> None:
        """A trial is over."""
        self.ends.append((self._now(), self._processor()))

    def result(self, workers: int, **more: Any) -> dict[str, Any]:
        """The figures, when everything is over."""
        self._stop.set()
        self._thread.join()
        (begin, busy), (end, busy_end) = self.ends[workers - 1], self.ends[-1]
        between = len(self.ends) - workers
        return {
            "trials": len(self.ends),
            "cold": self.first_report,
            "steady": (end - begin) / between,
            "cpu": (busy_end - busy) / between,
            "whole": self._now(),
            **more,
        }

    def _now(self) -> float:
        return time.time() - self._me.create_time()

    def _processor(self) -> float:
        """Those that have ended count with what they had when last seen."""
        for process in [self._me, *self._me.children(recursive=True)]:
            try:
                times = process.cpu_times()
                self._seen[process.pid, process.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        return sum(self._seen.values())

    def _sample(self) -> None:
        while not self._stop.wait(0.5):
            self._processor()


def mlflow_holds(database: Path) -> dict[str, int]:
    """How many runs and points a stack has left in MLflow: what was measured was tracked."""
    if not database.exists():
        return {"runs": 0, "points": 0}
    connection = sqlite3.connect(database)
    try:
        return {
            name: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for name, table in (("runs", "runs"), ("points", "metrics"))
        }
    finally:
        connection.close()


# --- ours ---


def spec(trials: int, **more: Any) -> dict[str, Any]:
    """The sweep, as a user writes it; whatever else could be searched is held at its default."""
    from search_spaces.architectures.mlp import Mlp
    from search_spaces.optimizers.adamw import Adamw
    from search_spaces.training import Training

    def held(kind: Any) -> dict[str, Any]:
        return {name: kind.model_fields[name].default for name in kind.dimensions()}

    return {
        "name": "overhead",
        "dataset": "digits",
        "architecture": {"mlp": held(Mlp) | {"width": WIDTH, "depth": DEPTH, "activation": "relu", "dropout": 0.0}},
        "optimizer": {"adamw": held(Adamw) | {"lr": {"low": 1e-4, "high": 1e-2, "log": True}, "weight_decay": 0.01}},
        "training": held(Training) | {"batch_size": BATCH},
        "searcher": "random",
        "scheduler": "none",
        "budget": {"trials": trials, "epochs": EPOCHS},
        **more,
    }


def ours(trials: int, home: Path, runner: str = "ray") -> dict[str, Any]:
    """A sweep through the public interface, its observer being the clock."""
    clock = Clock()
    from tuner import Observer, Sweep

    class Watch(Observer):
        def reported(self, number: int, report: Any) -> None:
            clock.reported()

        def ended(self, trial: Any) -> None:
            clock.ended()

    workers = WORKERS if runner == "ray" else 1
    resources = {"resources": {"cpus": 1, "workers": workers}} if runner == "ray" else {}
    sweep = Sweep(spec(trials, **resources), home=home)
    sweep.run(runner=runner, observer=Watch())
    record = sweep.record()
    (searched,) = {name for trial in record.trials for name in trial.params}  # the learning rate, and nothing else
    rates = [trial.params[searched] for trial in record.trials]
    best = [max(trial.curve.values()) for trial in record.trials]
    return clock.result(workers, rates=rates, best=best, **mlflow_holds(home / "mlflow.db"))


# --- the stock stack, written as its documentation does ---


def stock_train(config: Mapping[str, float]) -> None:
    """One trial: read the data, build a LightningModule, fit it with a stock Trainer."""
    import lightning.pytorch as L
    import torch
    from ray.tune.integration.pytorch_lightning import TuneReportCheckpointCallback
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    from torchmetrics.functional import accuracy

    class Digits(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            loss, correct = self._judge(batch)
            self.log("train/loss", loss, on_step=False, on_epoch=True)
            self.log("train/accuracy", correct, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            loss, correct = self._judge(batch)
            self.log("val/loss", loss, prog_bar=True)
            self.log("val/accuracy", correct, prog_bar=True)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=config["lr"], weight_decay=0.01)

        def _judge(self, batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
            x, y = batch
            outputs = self.network(x)
            return nn.functional.cross_entropy(outputs, y), accuracy(outputs, y, task="multiclass", num_classes=10)

    L.seed_everything(0)
    digits = load_digits()
    x, rest_x, y, rest_y = train_test_split(digits.data, digits.target, test_size=0.3, stratify=digits.target)
    val_x, _, val_y, _ = train_test_split(rest_x, rest_y, test_size=0.5, stratify=rest_y)
    mean, deviation = x.mean(), x.std()

    def part(x: Any, y: Any) -> TensorDataset:
        return TensorDataset(torch.tensor((x - mean) / deviation, dtype=torch.float32), torch.tensor(y))

    metrics = ["train/loss", "train/accuracy", "val/loss", "val/accuracy"]
    report = TuneReportCheckpointCallback(
        {name: name for name in metrics}, save_checkpoints=False, on="train_epoch_end"
    )
    L.Trainer(max_epochs=EPOCHS, callbacks=[report]).fit(
        Digits(),
        DataLoader(part(x, y), batch_size=BATCH, shuffle=True),
        DataLoader(part(val_x, val_y), batch_size=BATCH),
    )


def stock(rates: list[float], home: Path) -> dict[str, Any]:
    """The same learning rates as a grid; one CPU a trial, everything else as it comes."""
    clock = Clock()
    import ray
    from ray import tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    class Watch(tune.Callback):
        def on_trial_result(self, *args: Any, **more: Any) -> None:
            clock.reported()

        def on_trial_complete(self, *args: Any, **more: Any) -> None:
            clock.ended()

    ray.init(num_cpus=WORKERS)
    uri = f"sqlite:///{home / 'mlflow.db'}"
    results = tune.Tuner(
        tune.with_resources(stock_train, {"cpu": 1}),
        param_space={"lr": tune.grid_search(rates)},
        tune_config=tune.TuneConfig(metric="val/accuracy", mode="max"),
        run_config=tune.RunConfig(
            name="overhead",
            storage_path=str(home),
            callbacks=[MLflowLoggerCallback(tracking_uri=uri, experiment_name="overhead"), Watch()],
        ),
    ).fit()
    if results.errors:
        raise RuntimeError(str(results.errors[0]))
    best = [float(max(result.metrics_dataframe["val/accuracy"])) for result in results]
    ray.shutdown()
    return clock.result(WORKERS, best=best, **mlflow_holds(home / "mlflow.db"))


# --- the floor ---


def network() -> Any:
    """The network that every stack trains."""
    from torch import nn

    widths = [64] + [WIDTH] * DEPTH
    hidden = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(WIDTH, 10))


def plain(rates: list[float]) -> dict[str, Any]:
    """The same training in memory, with torch alone; nothing kept, nothing reported."""
    clock = Clock()
    import torch
    from torch import nn

    from search_spaces.datasets.digits import Digits

    torch.set_num_threads(1)
    data = Digits().build()
    best = []
    for rate in rates:
        torch.manual_seed(0)
        net = network()
        optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01, fused=True)
        curve = []
        for _ in range(EPOCHS):
            net.train()
            for chosen in torch.randperm(len(data.train)).split(BATCH):
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(data.train.x[chosen]), data.train.y[chosen]).backward()
                optimizer.step()
            net.eval()
            with torch.no_grad():
                guessed = net(data.validation.x).argmax(1)
            curve.append(float((guessed == data.validation.y).float().mean()))
            clock.reported()
        best.append(max(curve))
        clock.ended()
    return clock.result(1, best=best, runs=0, points=0)


# --- one turn, in a process of its own ---


def turn(kind: str, trials: int, rates: list[float]) -> dict[str, Any]:
    """Measure one stack once, in a fresh process and a fresh home."""
    environment = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "TUNER_HOME")}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    environment["RAY_worker_niceness"] = "0"
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        task = Path(folder) / "task.json"
        task.write_text(json.dumps({"kind": kind, "trials": trials, "rates": rates[:trials]}))
        command = [sys.executable, str(Path(__file__).absolute()), "--turn", str(task)]
        with (Path(folder) / "output.txt").open("w") as output:
            ended = subprocess.run(
                command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
            )
        if ended.returncode:
            raise SystemExit(f"{kind} failed:\n{(Path(folder) / 'output.txt').read_text()[-3000:]}")
        return json.loads(task.with_name("result.json").read_text()) | {"load": load}


def take_turn(task: Path) -> None:
    """The child's side of `turn`."""
    asked = json.loads(task.read_text())
    home = task.parent / "home"
    home.mkdir()
    measured = {
        "ours": lambda: ours(asked["trials"], home),
        "inline": lambda: ours(asked["trials"], home, "inline"),
        "stock": lambda: stock(asked["rates"], home),
        "plain": lambda: plain(asked["rates"]),
    }[asked["kind"]]()
    task.with_name("result.json").write_text(json.dumps(measured))


# --- telling ---


def spread(values: list[float], digits: int = 2) -> str:
    """Median and range."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(turns: Mapping[str, list[dict[str, Any]]]) -> str:
    """One line a stack: medians over its turns, with the smallest and the largest."""
    head = f"{'median (range)':54} {'steady s/trial':22} {'trials/hour':>11}  {'CPU s/trial':22} {'cold start s':20} "
    lines = [head + "MLflow"]
    for kind, all_turns in turns.items():
        column = {key: [found[key] for found in all_turns] for key in ("steady", "cpu", "cold")}
        last = all_turns[-1]
        lines.append(
            f"{LABELS[kind]:54} {spread(column['steady'], 3):22} {3600 / statistics.median(column['steady']):11.0f}  "
            f"{spread(column['cpu'], 3):22} {spread(column['cold'], 1):20} "
            f"{last['runs']} runs, {last['points']} points"
        )
    return "\n".join(lines)


def ratios(turns: Mapping[str, list[dict[str, Any]]], trials: int) -> str:
    """The stock stack over ours, turn by turn."""
    common = min(all_turns[-1]["trials"] for all_turns in turns.values())
    pairs = list(zip(turns["stock"], turns["ours"], strict=True))
    per = {key: [theirs[key] / mine[key] for theirs, mine in pairs] for key in ("steady", "cpu")}
    whole = [
        (theirs["whole"] + (trials - theirs["trials"]) * theirs["steady"]) / mine["whole"] for theirs, mine in pairs
    ]
    return "\n".join(
        [
            f"stock / ours, steady state: {spread(per['steady'], 1)} times the time, {spread(per['cpu'], 1)} the CPU",
            f"stock / ours, {trials} trials from a cold start to the end: {spread(whole, 1)} times the time "
            "(the stock stack's further trials at its steady pace)",
            f"best val/accuracy of the first {common} trials, median: "
            + ", ".join(
                f"{kind} {statistics.median(all_turns[-1]['best'][:common]):.3f}" for kind, all_turns in turns.items()
            ),
        ]
    )


def machine() -> dict[str, Any]:
    """Where and with what this was measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": date.today().isoformat(),
        "cores": cores,
        "cpu": model or platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "command": " ".join(["python", "benchmarks/" + Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def footer(found: Mapping[str, Any], loads: list[float]) -> str:
    """The machine and the command in words."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    loaded = f"; load average before the turns {min(loads):.1f} to {max(loads):.1f}" if loads else ""
    return (
        f"{found['date']}, {found['cores']} cores of {found['cpu']}, {found['system']}{loaded}\n"
        f"Python {found['python']}, {versions}\n{found['command']}"
    )


def main() -> None:
    """Take the turns, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=64, help="trials a turn for ours")
    parser.add_argument("--stock-trials", type=int, default=16, help="trials a turn for the stock stack: it is slow")
    parser.add_argument("--rounds", type=int, default=2, help="turns each")
    parser.add_argument("--rows", action="store_true", help="add the rows that say where the time goes")
    parser.add_argument("--json", type=Path, help="also write every turn to this file")
    parser.add_argument("--turn", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.turn:
        take_turn(asked.turn)
        return
    if min(asked.trials, asked.stock_trials) <= WORKERS or asked.stock_trials > asked.trials or asked.rounds < 1:
        parser.error(f"need more than {WORKERS} trials, no more stock trials than trials, and at least one round")
    counts = {"ours": asked.trials, "stock": asked.stock_trials}
    if asked.rows:
        counts |= {"inline": min(16, asked.trials), "plain": min(16, asked.trials)}
    turns: dict[str, list[dict[str, Any]]] = {kind: [] for kind in counts}
    rates: list[float] = []
    for number in range(asked.rounds):
        for kind, trials in counts.items():
            found = turn(kind, trials, rates)
            rates = rates or found.pop("rates")
            found.pop("rates", None)
            turns[kind].append(found)
            print(
                f"round {number + 1}: {kind:6} {found['steady']:.3f} s/trial steady, {found['whole']:.0f} s in all",
                flush=True,
            )
    where = machine()
    print("", table(turns), "", ratios(turns, asked.trials), "", sep="\n")
    print(footer(where, [found["load"] for all_turns in turns.values() for found in all_turns]))
    if asked.json:
        asked.json.write_text(json.dumps({"machine": where, "turns": turns}, indent=2) + "\n")


if __name__ == "__main__":
    main()
