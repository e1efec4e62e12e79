"""Does a confirmation's interval cover what the winner reaches later, and how much luck is in a sweep's best value?

    python benchmarks/confirmation.py                 # 20 sweeps, about ten minutes on one core; --quick does two

Each sweep searches small networks on handwritten digits, with another seed and another split into parts. Its best
configurations are confirmed, and the test part is then read with every network of the winner (`tuner confirm` reads it
with one).

- `optimism`: how far the value that chose a configuration lies above what its networks reach on the test part: the
  sweep's best value unconfirmed, the mean of the fresh seeds confirmed.
- `covered`: whether the interval that `tuner confirm` gives for one such network on other samples
  (`tracking.intervals.elsewhere`) holds the test value of the network that would be promoted.
- `mean_covered`: the same question put to the 95 % interval of the mean over seeds. It speaks of further seeds on the
  same validation part, not of other samples: it is written down to show the difference.

Rows are appended to the results; a sweep that has its row is not run again.
"""

from __future__ import annotations

import argparse
import csv
import logging
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tracking.ledger import Ledger
from tracking.records import CheckpointRef, TrialRecord
from tuner import Sweep, trial
from tuner.assigning import assignment_of

RESULTS = Path(__file__).parent / "confirmation.csv"
TOP, SEEDS = 3, 5
FIELDS = ("sweep", "best", "best_test", "mean", "low", "high", "test", "mean_test", "expected_low", "expected_high")


def spec(number: int) -> dict[str, Any]:
    """One of the small sweeps."""
    return {
        "name": f"digits-{number}",
        "dataset": {"digits": {"split_seed": number}},
        "architecture": {"mlp": {"width": {"low": 8, "high": 32}, "depth": [1, 2]}},
        "optimizer": {"adamw": {"lr": {"low": 0.003, "high": 0.03, "log": True}}},
        "training": {"batch_size": 64},
        "searcher": "random",
        "scheduler": "none",
        "budget": {"trials": 10, "epochs": 4},
        "seed": number,
    }


def run(number: int, home: Path) -> dict[str, Any]:
    """One row of the results."""
    sweep = Sweep(spec(number), home=home).run(runner="inline")
    best = sweep.best
    assert best is not None
    confirmed = sweep.confirm(TOP, SEEDS, runner="inline")
    child = Sweep.open(confirmed.sweep, home)
    winner, expected = confirmed.winner, confirmed.expected
    assert not isinstance(expected, str)
    return {
        "sweep": number,
        "best": max(best.curve.values()),
        "best_test": sweep.record().attributes["test"]["metrics"]["test/accuracy"],
        "mean": winner.mean.mean,
        "low": winner.mean.low,
        "high": winner.mean.high,
        "test": confirmed.test["test/accuracy"],
        "mean_test": statistics.fmean(tested(child, it) for it in winner.trials.values()),
        "expected_low": expected[0],
        "expected_high": expected[1],
    }


def tested(sweep: Sweep, found: TrialRecord) -> float:
    """A network's accuracy on the test part."""
    ledger, checkpoint = Ledger.open(sweep.folder), found.checkpoint
    assert isinstance(checkpoint, CheckpointRef)
    assignment = assignment_of(sweep.spec, ledger, found, checkpoint.step)
    return trial.test(assignment, checkpoint).metrics["test/accuracy"]


def told(rows: list[dict[str, float]]) -> str:
    """The figures of all rows, as a table in Markdown."""
    count = len(rows)
    covered = sum(row["expected_low"] <= row["test"] <= row["expected_high"] for row in rows)
    mean_covered = sum(row["low"] <= row["mean_test"] <= row["high"] for row in rows)
    width = statistics.fmean(row["expected_high"] - row["expected_low"] for row in rows)
    figures = {
        f"test value within what was expected of it, of {count} sweeps": f"{covered} ({covered / count:.0%})",
        "width of what was expected, mean": f"{100 * width:.1f} points",
        "mean over seeds on the test part within the mean's interval": f"{mean_covered} ({mean_covered / count:.0%})",
        "optimism of the unconfirmed best value": _optimism(rows, "best", "best_test"),
        "optimism of the confirmed mean": _optimism(rows, "mean", "mean_test"),
    }
    return "\n".join(["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in figures.items())])


def _optimism(rows: list[dict[str, float]], chosen: str, later: str) -> str:
    """Mean and standard error of what a value promises more than it keeps, in points of accuracy."""
    found = [100 * (row[chosen] - row[later]) for row in rows]
    error = statistics.stdev(found) / len(found) ** 0.5 if len(found) > 1 else float("nan")
    return f"{statistics.fmean(found):+.2f} points (standard error {error:.2f})"


def read(path: Path) -> list[dict[str, float]]:
    """The rows so far."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def append(path: Path, row: dict[str, Any]) -> None:
    """Add a row; the head first."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerow({name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()})


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="two sweeps, kept apart")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "quick.csv" if given.quick else given.output
        done = {int(row["sweep"]) for row in read(output)}
        for number in range(2 if given.quick else given.sweeps):
            if number not in done:
                append(output, run(number, Path(folder) / "home"))
                print(f"sweep {number} done", flush=True)
        print(told(read(output)))


if __name__ == "__main__":
    main()
