"""Every searcher with every scheduler: what is refused says why, and what is not runs to its end."""

import json
import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from search_spaces import plugins
from tracking.ledger import Ledger
from tracking.records import State
from tuner.conductor import Conductor
from tuner.errors import SpecError
from tuner.spec import SweepSpec

SEARCHERS, SCHEDULERS = plugins.names("tuner.searchers"), plugins.names("tuner.schedulers")
PAIRS = [(searcher, scheduler) for searcher in SEARCHERS for scheduler in SCHEDULERS]
RAW: dict[str, Any] = {
    "name": "pair",
    "dataset": "digits",
    "architecture": {"mlp": {"width": 8, "depth": 1, "activation": "relu", "dropout": {"low": 0.0, "high": 0.5}}},
    "optimizer": "sgd",
    "training": {"batch_size": 512},
    "budget": {"trials": 4, "epochs": 3},
}


def read(searcher: str, scheduler: str) -> SweepSpec:
    return SweepSpec.read({**RAW, "searcher": searcher, "scheduler": scheduler})


def refusal(searcher: str, scheduler: str) -> str | None:
    try:
        read(searcher, scheduler)
    except SpecError as error:
        return str(error)
    return None


VALID = [pair for pair in PAIRS if refusal(*pair) is None]


@pytest.mark.parametrize(("searcher", "scheduler"), [pair for pair in PAIRS if pair not in VALID])
def test_a_pair_that_cannot_work_is_refused_with_the_reason_and_what_to_do(searcher: str, scheduler: str) -> None:
    text = refusal(searcher, scheduler)
    assert text is not None
    assert text.startswith("spec: searcher: ")
    assert searcher in text
    assert scheduler in text
    assert ": use " in text


def test_every_searcher_and_every_scheduler_has_its_partners() -> None:
    # a scheduler that only stops trials goes with every searcher, random search with every scheduler but BOHB's own
    assert {pair for pair in PAIRS if pair[1] in ("none", "asha", "hyperband", "median")} <= set(VALID)
    assert {scheduler for searcher, scheduler in VALID if searcher == "random"} == set(SCHEDULERS) - {"bohb"}
    assert ("tpe", "bohb") in VALID


def drive(folder: Path, searcher: str, scheduler: str, how: Any) -> Ledger:
    """The whole sweep, by the ledger, the conductor and the runner that any sweep has; no MLflow beside it."""
    spec = read(searcher, scheduler)
    objective, budget = spec.objective.resolved(), spec.budget
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger.create(folder, "pair", spec.describe(), objective)
    built = spec.scheduler_choice.build(objective, budget.epochs, spec.trials, spec.space, spec.seed)
    conductor = Conductor(spec, ledger, built)
    how(conductor)
    conductor.close()
    return Ledger.open(folder)


def check_whole(ledger: Ledger) -> None:
    trials = ledger.trials()
    assert len(trials) == 4
    assert {it.state for it in trials} <= {State.COMPLETE, State.PRUNED}
    assert State.COMPLETE in {it.state for it in trials}
    assert all(list(it.curve) == list(range(1, it.epochs + 1)) for it in trials)
    assert max(it.epochs for it in trials) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("searcher", "scheduler"), VALID)
def test_a_pair_trains_networks_in_this_process(tmp_path: Path, searcher: str, scheduler: str) -> None:
    from tuner.runners import inline

    check_whole(drive(tmp_path, searcher, scheduler, inline.run))


def rises(config: dict[str, Any]) -> None:
    """In place of a training: a curve by the trial's number, told to Tune as a worker tells it; goes on where it was.

    To import torch in a fresh process takes longer than all the rest of such a sweep. It stands in the worker alone:
    the cluster, its actors, their pauses and restarts are Ray's own.
    """
    from pathlib import Path

    from ray import tune

    job = config["assignment"]
    done = Path(job["folder"]) / "done"
    done.parent.mkdir(parents=True, exist_ok=True)
    first = int(done.read_text()) + 1 if done.exists() else 1
    for step in range(first, job["epochs"] + 1):
        done.write_text(str(step))
        value = job["number"] / 10 + step / 100
        tune.report({"step": step, "trained": float(step), "kept": None, "said/val/accuracy": value})


@pytest.fixture(scope="module")
def on_one_cluster(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each pair, and of each scheduler with real trainings, on one small cluster; "" is well."""
    folder = tmp_path_factory.mktemp("pairs")
    command = [sys.executable, str(Path(__file__)), str(folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"": done.stderr}
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("searcher", "scheduler"), VALID)
def test_a_pair_runs_on_ray(on_one_cluster: dict[str, str], searcher: str, scheduler: str) -> None:
    assert on_one_cluster.get(f"{searcher} {scheduler}", on_one_cluster) == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_scheduler_trains_networks_on_ray(on_one_cluster: dict[str, str], scheduler: str) -> None:
    assert on_one_cluster.get(f"trained {scheduler}", on_one_cluster) == ""


def run_all(folder: Path) -> dict[str, str]:
    """Every pair on one cluster, then every scheduler with real trainings: its traceback, or nothing."""
    import ray

    from tuner.runners import on_ray

    def attempt(name: str, searcher: str, scheduler: str) -> str:
        try:
            check_whole(drive(folder / name, searcher, scheduler, lambda it: on_ray.run(it, workers=2)))
        except Exception:  # noqa: BLE001 (the test that asks for it shows it)
            return traceback.format_exc()
        return ""

    real = on_ray.train
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    on_ray.train = rises  # type: ignore[assignment]
    found = {f"{pair[0]} {pair[1]}": attempt("-".join(pair), *pair) for pair in VALID}
    on_ray.train = real
    for searcher, scheduler in sorted(VALID, reverse=True):
        if searcher in ("random", "tpe") and f"trained {scheduler}" not in found:
            found[f"trained {scheduler}"] = attempt(f"trained-{scheduler}", searcher, scheduler)
    ray.shutdown()
    return found


if __name__ == "__main__":
    print(json.dumps(run_all(Path(sys.argv[1]))))
