"""A seeded campaign of faults: what a sweep promises to survive, injected into real sweeps, and whether it held.

    python benchmarks/survival.py [--seed 0] [--only FAULT ...] [--times N] [--quick] [--csv FILE]
    python benchmarks/survival.py --table                    # docs/reliability.md from what was measured

A fault is a file in `survival/faults`. Each injection is a small sweep of its own (digits, six trials, three epochs),
its driver a process of its own, struck at a moment that follows from the seed, and resumed. Then ledger, spools,
MLflow and, where they must be equal, a sweep that was never disturbed are compared with what was promised.

Rows are added to `survival/results.csv` one by one, and what is there already is not done again: stop the campaign
whenever you like. `--quick` injects a choice of faults, each once, in less than a minute, and keeps nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUICK = (
    "sigkill", "equality", "sigint_twice", "sigterm", "started_twice", "torn_ledger", "damaged_checkpoints",
    "not_a_number", "cuda_out_of_memory", "out_of_memory", "mlflow_emptied", "clock_jump", "code_changed",
)  # fmt: skip


def main() -> None:
    """Inject, and say what held; exit code 1 if something did not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", metavar="FAULT", help="these faults alone")
    parser.add_argument("--times", type=int, help="how often each; as the fault says otherwise")
    parser.add_argument("--quick", action="store_true", help="some faults, once each, nothing kept")
    parser.add_argument("--again", action="store_true", help="also those that did not hold: something was mended")
    parser.add_argument("--csv", type=Path, default=HERE / "survival" / "results.csv")
    parser.add_argument("--table", action="store_true", help="write docs/reliability.md, inject nothing")
    asked = parser.parse_args()
    if asked.table:
        from survival.table import write

        write(asked.csv, HERE.parent / "docs" / "reliability.md")
        return
    sys.exit(_inject(asked))


def _inject(asked: argparse.Namespace) -> int:
    from survival.preload import preload

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended too
    preload()
    from survival import campaign

    chosen = asked.only or (QUICK if asked.quick else campaign.names())
    if unknown := set(chosen) - set(campaign.names()):
        sys.exit(f"no fault named {', '.join(unknown)}: there are {', '.join(campaign.names())}")
    often = {name: asked.times or (1 if asked.quick else campaign.times(name)) for name in chosen}
    for name in chosen:
        if lack := campaign.lacking(name):
            print(f"{name}: not injected, there is no {lack} here", flush=True)
    # Every fault once, then every fault a second time: a campaign that is stopped early has seen them all.
    wanted = [(name, number) for number in range(max(often.values())) for name in chosen if number < often[name]]
    failed = 0
    kept = None if asked.quick else asked.csv
    for row in campaign.campaign(wanted, asked.seed, kept, again=asked.again):
        failed += not row.held
        print(f"{row.fault} {row.number}: {'held' if row.held else row.problem} ({row.seconds:.1f} s)", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    main()
