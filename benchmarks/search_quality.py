"""How good the searches are, on recorded trainings, beside others: regret, ranks, time.

    python benchmarks/search_quality.py --tasks DIR --run random_search optuna_tpe --seeds 20
    python benchmarks/search_quality.py --tasks DIR --run auto+none auto+asha --seeds 20 --workers 8
    python benchmarks/search_quality.py                                    # the tables, from what was measured before
    python benchmarks/search_quality.py --picture docs/images/search_quality.svg

A method is a file in `benchmarks/peers`, or one of ours as SEARCHER+SCHEDULER. A run is 40 full trainings, 100 on tasks
in which a training has one level only. Every run is a row in `benchmarks/quality/results/METHOD.csv`; those already
there are kept. `quality/tasks.py` says what a folder of tasks has, `quality/play.py` what is counted and how.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported

from quality import field, results
from quality.tasks import load


def run(asked: argparse.Namespace) -> None:
    """Do the runs that are missing, a method after the other, each where it can run."""
    for name in asked.run:
        python = field.python_of(name)
        if python is None or Path(sys.prefix).resolve() == python.parent.parent.resolve():
            run_here(name, asked)
        elif python.exists():
            subprocess.run([python, __file__, *_but_other_methods(name, asked.run)], check=True)
        else:
            raise SystemExit(f"--run {name}: its environment is missing; make it: benchmarks/peers/install.sh {name}")


def run_here(name: str, asked: argparse.Namespace) -> None:
    """Do a method's missing runs in this process, a row each."""
    tasks = [task for task in load(asked.tasks) if not asked.only or task.name.startswith(tuple(asked.only))]
    ends = time.monotonic() + 60 * asked.minutes
    entrant = field.find(name)
    path = results.FOLDER / f"{name}.csv"
    for task, seed in results.missing(results.read(path), tasks, asked.seeds, asked.workers, asked.trainings):
        if time.monotonic() > ends:
            print(f"{name}: stopped after {asked.minutes:g} minutes", flush=True)
            return
        until = min(asked.trainings, task.horizon)
        played = entrant.play(task, seed, asked.workers, until)
        row = results.row_of(task, played, (seed, asked.workers), until, entrant.stamp())
        results.append(path, row)
        print(f"{name} {task.name} seed {seed}: {row.trials} trials, {row.suggestion_ms:.3g} ms each", flush=True)


def show(asked: argparse.Namespace) -> None:
    """The tables, and the picture if it is asked for."""
    from quality import picture, tables

    rows = results.everything()
    print(tables.everything(rows, asked.workers))
    if asked.picture:
        asked.picture.write_text(picture.draw(rows), encoding="utf-8")


def _but_other_methods(name: str, methods: list[str]) -> list[str]:
    """This command line with one method alone."""
    return [word for word in sys.argv[1:] if word == name or word not in methods]


def main() -> None:
    """Run what is asked for, then show what there is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--tasks", type=Path, help="a folder of recorded tasks, with a loader.py")
    parser.add_argument("--run", nargs="+", default=[], metavar="METHOD", help="what to run; else only tables")
    parser.add_argument("--only", nargs="+", metavar="PREFIX", help="tasks whose names begin so")
    parser.add_argument("--seeds", type=int, default=20, help="runs a task")
    parser.add_argument("--workers", type=int, default=1, choices=(1, 8), help="simulated workers")
    parser.add_argument("--trainings", type=float, default=100, help="a run's full trainings, if below 40 or 100")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run of a method after so long")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw curves and ranks, as SVG")
    asked = parser.parse_args()
    if asked.run and not asked.tasks:
        parser.error("--run needs --tasks DIR: a folder of recorded tasks, with a loader.py")
    if asked.run:
        run(asked)
    else:
        show(asked)


if __name__ == "__main__":
    main()
