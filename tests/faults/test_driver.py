"""The driver of a sweep is interrupted or killed in the middle; resuming ends with the planned trials, once each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracking import checkpoints
from tracking.ledger import Ledger
from tracking.records import State

pytestmark = pytest.mark.slow

TUNER = [sys.executable, "-c", "from tuner.commands import main; main()"]
SPEC = ["sweep", "digits", "budget.trials=6", "budget.epochs=9", "searcher=random"]


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"TUNER_HOME": str(home)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    return subprocess.Popen([*TUNER, *arguments], env=environment, stdout=subprocess.PIPE, text=True, cwd=home)


def read_until_reports(process: subprocess.Popen[str], wanted: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        wanted -= event["event"] == "reported"
        if wanted == 0:
            return
    raise AssertionError("the sweep ended before it was interrupted")


def check_whole(home: Path) -> None:
    """Exactly the planned trials, all ended; one MLflow run each, none running; no step twice."""
    from mlflow import MlflowClient

    trials = Ledger.open(home / "sweeps" / "digits").trials()
    assert [trial.number for trial in trials] == list(range(6))
    assert all(trial.state.finished for trial in trials)
    for trial in trials:
        assert trial.folder is not None
        steps = [json.loads(line)["step"] for line in (trial.folder / "metrics.jsonl").read_text().splitlines()]
        assert steps == list(range(1, trial.epochs + 1))
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    numbers = [run.data.tags.get("sweepforge.trial") for run in runs]
    assert sorted(number for number in numbers if number) == [str(number) for number in range(6)]
    assert numbers.count(None) == 1
    assert all(run.info.status in ("FINISHED", "FAILED") for run in runs)


def test_a_killed_driver_loses_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, *SPEC, "scheduler=hyperband", "--json")
    read_until_reports(process, 7)
    process.kill()
    process.communicate()
    resumed = start(tmp_path, "resume", "digits", "--json")
    resumed.communicate(timeout=200)
    assert resumed.returncode == 0
    check_whole(tmp_path)


def test_ctrl_c_ends_the_running_epochs_and_can_be_resumed(tmp_path: Path) -> None:
    process = start(tmp_path, *SPEC, "--json")
    read_until_reports(process, 5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=100)
    assert process.returncode == 130
    states = {trial.state for trial in Ledger.open(tmp_path / "sweeps" / "digits").trials()}
    assert states <= {State.RUNNING, State.PAUSED, State.COMPLETE, State.PRUNED}
    resumed = start(tmp_path, "resume", "digits", "--json")
    resumed.communicate(timeout=200)
    assert resumed.returncode == 0
    check_whole(tmp_path)


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=["sigterm", "twice sigint"])
def test_signals_leave_a_sweep_in_one_process_resumable(tmp_path: Path, signals: list[signal.Signals]) -> None:
    process = start(tmp_path, *SPEC, "--json", "--inline", "training.batch_size=4", "scheduler=none")
    read_until_reports(process, 1)
    for each in signals:
        time.sleep(0.2)  # the second epoch is to be under way, and the first signal handled before the second comes
        process.send_signal(each)
    process.communicate(timeout=100)
    assert process.returncode == 130
    (trial,) = Ledger.open(tmp_path / "sweeps" / "digits").trials()
    assert trial.state is State.RUNNING
    assert trial.epochs in ((1, 2) if len(signals) == 1 else (1,))  # the first lets the epoch end, the second does not
    assert trial.folder is not None
    found = checkpoints.newest(trial.folder)
    assert found is not None and found.step == trial.epochs


def test_a_second_driver_is_refused_and_told_who_drives(tmp_path: Path) -> None:
    process = start(tmp_path, *SPEC, "--json", "--inline")
    read_until_reports(process, 1)
    environment = os.environ | {"TUNER_HOME": str(tmp_path)}
    command = [*TUNER, "resume", "digits"]
    second = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=100)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=100)
    assert second.returncode == 2
    assert f"process {process.pid}" in second.stderr
