"""Results of textbook tasks beside published ones, each found by a small sweep of the platform's own.

    python benchmarks/textbook.py [--only ROW ...] [--data DIR] [--runner inline] [--trials N] [--table]

Every row is a sweep whose spec stands below: the search is judged on the validation part, and the test part is read
once, with the checkpoint that was best there. `reach` is what a row must come to, `published` what the literature has.
A row's result goes into `textbook.json` beside this file, in the place of an earlier one, so that rows can be run one
at a time; `--table` draws what is there and runs nothing.

`--data` is a folder with `mnist/mnist.npz`, `sst2/train.tsv`, `sst2/dev.tsv`, `sst2/test.tsv` (a sentence, a tab, 0 or
1 a line) and `ett/ETTh1.csv`. MNIST is downloaded if the folder has none; digits ship with scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, cast, get_args

from search_spaces import plugins
from tuner import Sweep
from tuner.sweep import Runner

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = ("torch", "lightning", "optuna")
RATE = {"low": 0.0003, "high": 0.01, "log": True}
ADAMW = {"adamw": {"lr": RATE, "weight_decay": {"low": 0.0001, "high": 0.1, "log": True}}}
IMAGE_NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "linear": {},
    "mlp": {"width": [128, 256], "depth": {"low": 1, "high": 3}},
    "lenet": {"activation": "relu"},
    "convnet": {"channels": [16, 32], "blocks": 2},
    "alexnet": {"width": 0.25, "init": "kaiming"},
    "vgg": {"depth": 11, "width": 0.125, "norm": "batch"},
    "resnet": {"depth": [8, 14], "width": [0.5, 1.0]},
    "densenet": {"depth": 22, "growth": [8, 12]},
    "vit": {"patch": 2, "width": [32, 64], "depth": [2, 3], "heads": 4, "expansion": 2, "dropout": 0.1},
}
"""Every network for images that learns classes, with the ranges that are cheap on digits."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        key: What `--only` calls it.
        task: The data and the network, in words.
        metric: What is read on the test part.
        reach: What it must come to: at least, or for an error at most.
        published: What the literature has, with its source.
        spec: The sweep.
        needs: Architectures without which the row cannot be run.
    """

    key: str
    task: str
    metric: str
    reach: float
    published: str
    spec: Mapping[str, Any]
    needs: tuple[str, ...] = ()

    @property
    def smaller(self) -> bool:
        """Whether less is better."""
        return self.metric in ("mse", "bound")

    def reached(self, value: float) -> bool:
        """Whether a result is good enough."""
        return value <= self.reach if self.smaller else value >= self.reach


# --- the rows ---


def rows(data: Path | None) -> list[Row]:
    """All rows, for data in that folder."""
    return [*_mnist(data), *_generative(data), *_sequences(data), *_digits()]


def _mnist(data: Path | None) -> Iterable[Row]:
    common = {"dataset": _mnist_data(data), "optimizer": ADAMW, "lr_schedule": "cosine"}
    yield Row(
        "mnist-mlp",
        "MNIST, mlp 784-128-64-10",
        "accuracy",
        0.975,
        "about 0.98",
        {
            **common,
            "architecture": {"mlp": {"hidden": "128-64", "activation": "relu", "width": 128, "depth": 2, "norm": "none",
                                     "skip": False, "dropout": {"low": 0.0, "high": 0.3}}},
            "training": {"batch_size": [64, 128]},
            "budget": {"trials": 6, "epochs": 9},
        },
    )  # fmt: skip
    yield Row(
        "mnist-convnet",
        "MNIST, lenet or convnet",
        "accuracy",
        0.990,
        "0.9905 (LeNet-5: LeCun et al., 1998)",
        {
            **common,
            "architecture": {
                "lenet": {"activation": "relu", "pool": "max"},
                "convnet": {"channels": 16, "blocks": 2, "kernel": 5, "norm": "batch", "skip": False},
            },
            "training": {"batch_size": 64},
            "budget": {"trials": 4, "epochs": 9},
        },
    )


def _generative(data: Path | None) -> Iterable[Row]:
    yield Row(
        "mnist-vae",
        "MNIST, vae of 20 latents and 400 hidden units: bound, nats",
        "bound",
        108,
        "about 105 (Kingma and Welling, ICLR 2014)",
        {
            "dataset": _mnist_data(data),
            "architecture": {"vae": {"latents": 20, "hidden": 400, "activation": "relu", "beta": 1.0}},
            "optimizer": {"adam": {"lr": {"low": 0.0005, "high": 0.003, "log": True}, "weight_decay": 0.0}},
            "lr_schedule": {"cosine": {"warmup": 0.0}},
            "training": {"batch_size": 128},
            "objective": {"metric": "val/bound", "mode": "min"},
            "budget": {"trials": 3, "epochs": 27},
        },
        ("vae",),
    )
    yield Row(
        "digits-gan",
        "digits, gan: classes covered, of 10",
        "coverage",
        10,
        "10 without mode collapse",
        {
            "dataset": "digits",
            "architecture": "gan",
            "optimizer": {
                "adam": {"lr": {"low": 0.0001, "high": 0.003, "log": True}, "beta1": 0.5, "weight_decay": 0.0}
            },
            "objective": {"metric": "val/distance", "mode": "min"},
            "budget": {"trials": 6, "epochs": 60},
        },
        ("gan",),
    )


def _sequences(data: Path | None) -> Iterable[Row]:
    folder = data or Path("data")
    files = {key: str(folder / "sst2" / f"{part}.tsv") for key, part in
             (("path", "train"), ("validation_path", "dev"), ("test_path", "test"))}  # fmt: skip
    cells = {"hidden": [64, 128], "layers": 1, "bidirectional": True, "embedding": 128,
             "dropout": {"low": 0.3, "high": 0.5}, "pooling": ["mean", "max"]}  # fmt: skip
    yield Row(
        "sst2-recurrent",
        "SST-2, lstm or gru, no pretrained words",
        "accuracy",
        0.78,
        "0.76 to 0.82",
        {
            "dataset": {"text": {**files, "length": 40, "max_words": 20000}},
            "architecture": {"lstm": cells, "gru": cells},
            "optimizer": {"adamw": {"lr": {"low": 0.0005, "high": 0.003, "log": True}, "weight_decay": 0.01}},
            "training": {"batch_size": 64, "clip": 1.0},
            "budget": {"trials": 6, "epochs": 6},
        },
    )
    yield Row(
        "etth1-linear",
        "ETTh1, 336 hours to the next 96, linear: MSE",
        "mse",
        0.385,
        "0.375 (DLinear: Zeng et al., AAAI 2023)",
        {
            "dataset": {"series": {"file": str(folder / "ett" / "ETTh1.csv"), "steps": 336, "horizon": 96,
                                   "train": 8640, "validation": 2880, "test": 2880}},
            "architecture": {"linear": {"decomposition": [True, False], "relative": [True, False]}},
            "loss": "mse",
            "optimizer": {"adam": {"lr": {"low": 0.0001, "high": 0.005, "log": True}, "weight_decay": 0.0}},
            "lr_schedule": ["exponential", "cosine"],
            "training": {"batch_size": 32},
            "objective": {"metric": "val/mse", "mode": "min"},
            "budget": {"trials": 12, "epochs": 9},
        },
    )  # fmt: skip


def _digits() -> Iterable[Row]:
    for name, settings in IMAGE_NETWORKS.items():
        yield Row(
            f"digits-{name}",
            f"digits, {name}",
            "accuracy",
            0.95 if name == "vit" else 0.97,
            "0.98 (k nearest neighbours)",
            {
                "dataset": "digits",
                "architecture": {name: settings},
                "optimizer": ADAMW,
                "lr_schedule": {"cosine": {"warmup": 0.05}},
                "augmentation": "none" if name in ("linear", "mlp", "vit") else {"crop": {"padding": 1}},
                "training": {"batch_size": 32},
                "scheduler": {"asha": {"grace_epochs": 3 if name == "vit" else 1}},  # it learns little in its first
                "budget": {"trials": 6, "epochs": 27},
            },
        )


def _mnist_data(data: Path | None) -> Any:
    file = data / "mnist" / "mnist.npz" if data else None
    return {"mnist": {"file": str(file)} if file and file.exists() else {}}


# --- running ---


def run(row: Row, runner: Runner, trials: int | None) -> dict[str, Any]:
    """The row's sweep in a home of its own, and what its best trial came to on the test part."""
    since = time.monotonic()
    overrides = [f"budget.trials={trials}"] if trials else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        sweep = Sweep(row.spec, overrides, name=row.key, home=home).run(runner=runner)
        record = sweep.record()
    best = record.best()
    assert best is not None
    return {
        "value": record.attributes["test"]["metrics"][f"test/{row.metric}"],
        "validation": best.best(record.objective),
        "found": {"architecture": best.choice("architecture"), **best.params},
        "budget": record.spec["budget"],
        "epochs": sum(trial.epochs for trial in record.trials),
        "minutes": round((time.monotonic() - since) / 60, 1),
    }


def where(row: Row, runner: Runner, trials: int | None) -> dict[str, Any]:
    """When, on what and how this is measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    data = "" if row.key.startswith("digits") else " --data DIR"
    cut = f" --trials {trials}" if trials else ""
    return {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores of {model or platform.processor() or platform.machine()}",
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "command": f"python benchmarks/textbook.py --only {row.key}{data} --runner {runner}{cut}",
    }


def missing(row: Row) -> str:
    """Why a row cannot be run here; empty if it can."""
    known = plugins.names("search_spaces.architectures")
    if absent := [name for name in row.needs if name not in known]:
        return f"there is no architecture {absent[0]}"
    settings = next(iter(row.spec["dataset"].values())) if isinstance(row.spec["dataset"], dict) else {}
    files = [Path(value) for value in settings.values() if isinstance(value, str)]
    return next((f"there is no {file.parent.name}/{file.name}: give --data" for file in files if not file.exists()), "")


# --- telling ---


def read() -> dict[str, Any]:
    """The results so far, by row."""
    return cast(dict[str, Any], json.loads(RESULTS.read_text())) if RESULTS.exists() else {}


def keep(key: str, found: Mapping[str, Any]) -> None:
    """Put a result in its row's place."""
    RESULTS.write_text(json.dumps({**read(), key: found}, indent=2) + "\n")


def table(all_rows: Iterable[Row], results: Mapping[str, Any]) -> str:
    """The table as Markdown: a line a row, with the command of each below."""
    lines = ["| task | test result | reach | published | found | minutes | date |", "|---|---|---|---|---|---|---|"]
    commands, machines = [], {}
    for row in all_rows:
        sign = "<=" if row.smaller else ">="
        if not (found := results.get(row.key)):
            lines.append(f"| {row.task} | not run | {sign} {row.reach:g} | {row.published} | | | |")
            continue
        value = f"{found['value']:.4g}" + ("" if row.reached(found["value"]) else " (missed)")
        chosen = ", ".join(f"{key.rsplit('.', 1)[-1]} {_short(it)}" for key, it in found["found"].items())
        lines.append(
            f"| {row.task} | {value} | {sign} {row.reach:g} | {row.published} | {chosen} | {found['minutes']} "
            f"| {found['date']} |"
        )
        commands.append(f"    {found['command']}")
        machines[f"{found['machine']}, " + ", ".join(" ".join(it) for it in found["versions"].items())] = None
    return "\n".join([*lines, "", *machines, "", *commands])


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Run the rows that were asked for, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    keys = [row.key for row in rows(None)]
    parser.add_argument("--only", nargs="+", choices=keys, metavar="ROW", default=keys, help=f"of {', '.join(keys)}")
    parser.add_argument("--data", type=Path, help="the folder with mnist, sst2 and ett")
    parser.add_argument("--runner", choices=get_args(Runner), default="ray", help="inline: one trial after another")
    parser.add_argument("--trials", type=int, help="other than the rows' own budgets")
    parser.add_argument("--table", action="store_true", help="run nothing, draw what is there")
    asked = parser.parse_args()
    all_rows = rows(asked.data)
    for row in () if asked.table else (row for row in all_rows if row.key in asked.only):
        if reason := missing(row):
            print(f"{row.key}: not run, {reason}", flush=True)
            continue
        found = run(row, asked.runner, asked.trials)
        keep(row.key, found | where(row, asked.runner, asked.trials))
        print(f"{row.key}: {found['value']:.4f} in {found['minutes']} minutes", flush=True)
    print("", table(all_rows, read()), sep="\n")


if __name__ == "__main__":
    main()
