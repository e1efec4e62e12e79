"""A sweep on Ray is steered from another process while its trials train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tracking.records import State
from tuner import Sweep, SweepError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TUNER = [sys.executable, "-c", "from tuner.commands import main; main()"]
SPEC = [
    *("sweep", "digits", "--json", "architecture=linear", "training.batch_size=256", "searcher=random"),
    *("scheduler=none", "budget.trials=9", "budget.epochs=100000", "resources.workers=1"),
]


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sweep whose trials would train for hours, one at a time."""
    environment = os.environ | {"TUNER_HOME": str(tmp_path)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    with subprocess.Popen([*TUNER, *SPEC], env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        yield process
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


def events(process: subprocess.Popen[str], until: str, trial: int) -> list[dict[str, Any]]:
    """What the driver says, up to an event of a trial."""
    found: list[dict[str, Any]] = []
    assert process.stdout is not None
    for line in process.stdout:
        found.append(json.loads(line))
        if (found[-1]["event"], found[-1].get("trial")) == (until, trial):
            return found
    raise AssertionError(f"the sweep ended before it said {until!r} of trial {trial}")


def test_a_sweep_on_ray_is_steered_while_it_runs(tmp_path: Path, driver: subprocess.Popen[str]) -> None:
    events(driver, "reported", 0)
    sweep = Sweep.open("digits", tmp_path)
    assert sweep.enqueue({"optimizer.adamw.lr": 0.005}) == "trial 1 tries the point"
    assert sweep.set(workers=2) == "2 trials at once from now on, until now 1"
    events(driver, "reported", 1)
    with pytest.raises(SweepError, match="100000"):
        sweep.set(workers=100_000)
    assert sweep.stop(trial=0) == "trial 0 is stopped when its running epoch ends"
    seen = events(driver, "reported", 2)  # the worker is free for another one
    assert [event["trial"] for event in seen if event["event"] == "ended"] == [0]
    assert "goes on" in sweep.pause()
    for _ in driver.stdout or ():
        pass
    assert driver.wait(100) == 130
    trials = sweep.record().trials
    assert [trial.state for trial in trials] == [State.PRUNED, State.RUNNING, State.RUNNING]
    assert trials[0].cause == "stopped by hand"
    assert trials[1].params["optimizer.adamw.lr"] == 0.005
