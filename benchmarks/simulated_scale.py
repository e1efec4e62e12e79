"""How long a large sweep takes in simulated time: what ledger, conductor, searcher and scheduler cost by themselves.

    python benchmarks/simulated_scale.py [--trials 10000] [--workers 1000] [--searcher auto]
        [--scheduler freeze_thaw] [--json FILE]

The trainings are made up: seven hyperparameters, a curve over 50 epochs that follows from them, costs that differ
tenfold; now and then one diverges. All runs in one process on one core; its processor time hardly moves with what else
the machine is doing, the time by the clock does.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

from tuner.recorded import RecordedTask
from tuner.simulation import simulate


class MadeUp:
    """Trainings by formula: a bowl over learning rate and width, reached the faster the higher the rate."""

    R, maximize, ref = 50, True, None
    space: ClassVar[dict[str, dict[str, Any]]] = {
        "lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
        "width": {"type": "int", "low": 16, "high": 1024, "log": True},
        "depth": {"type": "int", "low": 1, "high": 8, "log": False},
        "dropout": {"type": "float", "low": 0.0, "high": 0.5, "log": False},
        "decay": {"type": "float", "low": 1e-6, "high": 1e-1, "log": True},
        "activation": {"type": "cat", "choices": ["relu", "swish", "tanh"]},
        "batch_size": {"type": "ord", "choices": [32, 64, 128, 256]},
    }

    def curve(self, config: Mapping[str, Any]) -> Sequence[float]:
        """Values between 0 and 1; NaN from epoch 5 on where rate and depth are both high."""
        away = (math.log10(config["lr"]) + 2.5) ** 2 / 6 + (math.log2(config["width"]) - 8) ** 2 / 20
        height, pace = math.exp(-away) * (1 - config["dropout"] / 5), 2 + 8 / (1 + 100 * config["lr"])
        breaks = 5 if config["lr"] > 0.3 and config["depth"] > 4 else self.R + 1
        return [
            height * (1 - math.exp(-epoch / pace)) if epoch < breaks else math.nan for epoch in range(1, self.R + 1)
        ]

    def cost(self, config: Mapping[str, Any]) -> Sequence[float]:
        """Seconds by the size of the network."""
        seconds = 1 + config["depth"] * config["width"] / 1000
        return [epoch * seconds for epoch in range(1, self.R + 1)]


def main() -> None:
    """Run the sweep once, print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--searcher", default="auto")
    parser.add_argument("--scheduler", default="freeze_thaw")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    clock, processor = time.perf_counter(), time.process_time()
    trace = simulate(
        RecordedTask("made up", MadeUp()), asked.searcher, asked.scheduler, workers=asked.workers, trials=asked.trials
    )
    took = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - processor}
    epochs = round(trace.trainings * MadeUp.R)
    print(f"{trace.trials:,} trials on {asked.workers:,} workers, {asked.searcher} + {asked.scheduler}: ", end="")
    print(f"{epochs:,} epochs, {trace.seconds / 60:,.0f} simulated minutes")
    print(f"{took['cpu_seconds']:.1f} s of processor time, {took['seconds']:.1f} s by the clock; ", end="")
    print(f"{1000 * took['cpu_seconds'] / trace.trials:.2f} ms a trial")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("optuna", "ray"))
    print(f"\n{date.today().isoformat()}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; {versions}")
    print(" ".join(["python", "benchmarks/" + Path(sys.argv[0]).name, *sys.argv[1:]]))
    if asked.json:
        figures = {"trials": trace.trials, "workers": asked.workers, "epochs": epochs, **took}
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
