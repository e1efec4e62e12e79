"""Fine-tuning strategies beside training from fresh weights, at equal cost: MNIST's digits 0 to 4 to its digits 5 to 9.

    python benchmarks/transfer.py [--data DIR] [--seeds 6] [--each 10 50 200] [--strategies ...] [--table]

For every seed a LeNet-5 is trained on all images of 0 to 4 and registered. Then every strategy has a sweep of its own,
each with the same trials, epochs, learning rates and images: 10, 50 or 200 of each of the classes 5 to 9. The
validation part chooses; the test part, 4,861 images, is read once, with the checkpoint that was best there. `scratch`
is the strategy without the parent's weights. What `auto` spends on measuring comes on top, and is given in seconds.

Every sweep's row goes into `transfer.csv` beside this file as it ends; rows that are there are not run again. `--table`
draws what is there and runs nothing. `--data` is a folder with `mnist/mnist.npz`; MNIST is downloaded otherwise.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from statistics import mean
from typing import Any

from tuner import Sweep, finetune

RESULTS = Path(__file__).with_suffix(".csv")
COLUMNS = ("each", "seed", "strategy", "validation", "test", "chosen", "trials", "epochs", "seconds", "measuring")
STRATEGIES = ("scratch", "feature_extractor", "freeze_early", "gradual_unfreeze", "full", "auto")
TRIALS, EPOCHS = 4, 10
NEAR, AHEAD = 0.5, 5.0
"""Points that `auto` may be behind the best strategy, and must be ahead of scratch with 10 images a class."""
ADAMW = {"adamw": {"lr": {"low": 0.001, "high": 0.01, "log": True}, "weight_decay": 0.01}}

Row = dict[str, Any]


def pretraining(data: Path | None, seed: int) -> dict[str, Any]:
    """The parent's sweep."""
    return {
        "dataset": {"mnist": {**_file(data), "classes": "0,1,2,3,4", "validation": 0.05, "split_seed": seed}},
        "architecture": {"lenet": {"activation": "relu", "pool": "max", "init": "default"}},
        "optimizer": {"adamw": {"lr": 0.002, "weight_decay": 0.01}},
        "lr_schedule": {"cosine": {"warmup": 0.0}},
        "training": {"batch_size": 64},
        "budget": {"trials": 1, "epochs": 3},
        "scheduler": "none",
        "seed": seed,
    }


def fitting(data: Path | None, seed: int, each: int, strategy: str) -> dict[str, Any]:
    """A strategy's sweep."""
    some = {"classes": "5,6,7,8,9", "per_class": each, "validation": 0.02, "split_seed": seed}
    return {
        "dataset": {"mnist": {**_file(data), **some}},
        "optimizer": ADAMW,
        "lr_schedule": {"cosine": {"warmup": 0.0}},
        "training": {"batch_size": 16},
        "transfer": strategy,
        "budget": {"trials": TRIALS, "epochs": EPOCHS},
        "searcher": "quasi_random",
        "scheduler": "none",
        "seed": seed,
    }


def _file(data: Path | None) -> dict[str, str]:
    file = data / "mnist" / "mnist.npz" if data else None
    return {"file": str(file)} if file and file.exists() else {}


# --- running ---


def run(data: Path | None, seeds: int, counts: Sequence[int], strategies: Sequence[str]) -> None:
    """Every sweep that has no row yet."""
    for seed in range(seeds):
        wanted = [(each, name) for each in counts for name in strategies if not _done(seed, each, name)]
        if not wanted:
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            parent = Sweep(pretraining(data, seed), name="pretrained", home=home).run(runner="inline")
            print(f"seed {seed}: the parent reaches {_tested(parent):.4f} on its own digits", flush=True)
            parent.promote("low-digits@champion", force="a benchmark's parent")
            for each, name in wanted:
                keep({"each": each, "seed": seed, "strategy": name, **one(data, seed, each, name, home)})


def one(data: Path | None, seed: int, each: int, strategy: str, home: str) -> Row:
    """One strategy's sweep, and what its best trial came to."""
    since = time.monotonic()
    spec = fitting(data, seed, each, strategy)
    sweep = finetune("low-digits@champion", spec, name=f"{strategy}-{each}", home=home).run(runner="inline")
    record = sweep.record()
    best = record.best()
    assert best is not None
    _, value = best.best(record.objective) or (0, 0.0)
    found = {
        "validation": round(value, 4),
        "test": round(_tested(sweep), 4),
        "chosen": best.choice("transfer"),
        "trials": len(record.trials),
        "epochs": sum(trial.epochs for trial in record.trials),
        "seconds": round(sum(trial.seconds for trial in record.trials), 1),
        "measuring": record.attributes.get("transfer", {}).get("seconds", 0.0),
    }
    took = time.monotonic() - since
    print(f"{each:>4} a class, seed {seed}, {strategy:<18} {found['test']:.4f}  {took:.0f} s", flush=True)
    return found


def _tested(sweep: Sweep) -> float:
    return float(sweep.record().attributes["test"]["metrics"]["test/accuracy"])


# --- telling ---


def rows() -> list[Row]:
    """The results so far."""
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return [{**row, "each": int(row["each"]), "seed": int(row["seed"])} for row in csv.DictReader(file)]


def keep(row: Row) -> None:
    """Append a result."""
    new = not RESULTS.exists()
    with RESULTS.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def _done(seed: int, each: int, strategy: str) -> bool:
    return any((row["seed"], row["each"], row["strategy"]) == (seed, each, strategy) for row in rows())


def table(results: Sequence[Row]) -> str:
    """Mean test accuracies in per cent, a line a number of images, and whether `auto` did what it must."""
    lines = [f"| images a class | {' | '.join(STRATEGIES)} | auto chose |", "|---" * (len(STRATEGIES) + 2) + "|"]
    judged = []
    for each in sorted({row["each"] for row in results}):
        some = [row for row in results if row["each"] == each]
        means = {name: 100 * mean(found) for name in STRATEGIES if (found := _of(some, name))}
        cells = [f"{means[name]:.1f} ({_spread(some, name)})" if name in means else "not run" for name in STRATEGIES]
        chosen = ", ".join(sorted({row["chosen"] for row in some if row["strategy"] == "auto"}))
        lines.append(f"| {each} | {' | '.join(cells)} | {chosen} |")
        judged += list(_judged(each, means))
    return "\n".join([*lines, "", *judged])


def _of(results: Sequence[Row], strategy: str) -> list[float]:
    return [float(row["test"]) for row in results if row["strategy"] == strategy]


def _spread(results: Sequence[Row], strategy: str) -> str:
    found = _of(results, strategy)
    return f"{100 * min(found):.1f} to {100 * max(found):.1f}"


def _judged(each: int, means: Mapping[str, float]) -> Iterator[str]:
    if "auto" not in means:
        return
    best = max((name for name in means if name != "auto"), key=lambda name: means[name])
    gap = means["auto"] - means[best]
    yield f"{each} a class: auto {gap:+.1f} points beside the best, {best}: {_word(gap >= -NEAR)} (-{NEAR} allowed)"
    if each == 10 and "scratch" in means:
        gain = means["auto"] - means["scratch"]
        yield f"{each} a class: auto {gain:+.1f} points beside scratch: {_word(gain >= AHEAD)} (+{AHEAD:g} wanted)"


def _word(held: bool) -> str:
    return "held" if held else "missed"


def where() -> str:
    """When, on what and with what."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "lightning", "optuna"))
    machine = f"{os.cpu_count()} cores of {model or platform.processor() or platform.machine()}"
    return f"{date.today().isoformat()}, {machine}, {versions}; {TRIALS} trials of {EPOCHS} epochs a sweep"


def main() -> None:
    """Run what was asked for, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, help="the folder with mnist/mnist.npz")
    parser.add_argument("--seeds", type=int, default=6, help="how often, with other weights and images")
    parser.add_argument("--each", type=int, nargs="+", default=[10, 50, 200], help="training images of each class")
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=STRATEGIES)
    parser.add_argument("--table", action="store_true", help="run nothing, draw what is there")
    asked = parser.parse_args()
    if not asked.table:
        run(asked.data, asked.seeds, asked.each, asked.strategies)
    print("", where(), "", table(rows()), sep="\n")


if __name__ == "__main__":
    main()
