"""The driver of a sweep is interrupted or killed in the middle; resuming ends with the planned trials, once each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tracking import checkpoints, spool
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
        # as it is read: a kill between spool and ledger leaves a line that the next driver writes again
        assert [report.step for report in spool.read(trial.folder)] == list(range(1, trial.epochs + 1))
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


GATED = '''
"""A network whose second epoch begins, says so, and waits until it may go on: however fast the machine is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning.pytorch as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).parent

class Gated(L.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch[0]).square().mean()

    def validation_step(self, batch, batch_idx):
        self.log("val/loss", self.layer(batch[0]).square().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

    def on_train_epoch_start(self):
        if self.current_epoch == 1:
            (HERE / "begun").touch()
            while not (HERE / "open").exists():
                time.sleep(0.01)

class Few(L.LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), 4)

    def val_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), 4)
'''
GATED_SPEC = """
name: digits
dataset: {module: "gated:Few"}
architecture: {module: "gated:Gated"}
objective: {metric: val/loss, mode: min}
scheduler: none
searcher: random
budget: {trials: 2, epochs: 9}
"""


@contextmanager
def in_its_second_epoch(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A driver, in one process with its trial, that goes on as soon as there is a file `open`."""
    (home / "gated.py").write_text(GATED)
    (home / "spec.yaml").write_text(GATED_SPEC)
    with start(home, "sweep", "spec.yaml", "--inline", "--json") as process:
        try:
            while not (home / "begun").exists():
                assert process.poll() is None, "the sweep ended early"
                time.sleep(0.01)
            yield process
        finally:
            process.kill()


def check_stopped(home: Path, process: subprocess.Popen[str], epochs: int) -> None:
    """The driver ended as interrupted, and its one trial is kept with so many epochs."""
    process.communicate(timeout=100)
    assert process.returncode == 130
    (trial,) = Ledger.open(home / "sweeps" / "digits").trials()
    assert trial.state is State.RUNNING
    assert trial.epochs == epochs
    assert trial.folder is not None
    found = checkpoints.newest(trial.folder)
    assert found is not None and found.step == epochs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_lets_the_epoch_end_and_leaves_a_sweep_in_one_process_resumable(
    tmp_path: Path, number: signal.Signals
) -> None:
    with in_its_second_epoch(tmp_path) as process:
        process.send_signal(number)
        (tmp_path / "open").touch()
        check_stopped(tmp_path, process, epochs=2)


def test_a_second_signal_stops_a_sweep_in_one_process_at_once(tmp_path: Path) -> None:
    with in_its_second_epoch(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)  # not the same again: two of a kind may become one before they are seen
        check_stopped(tmp_path, process, epochs=1)


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
