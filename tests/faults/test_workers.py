"""Workers die, hang and run out of memory under a sweep on Ray: real processes, real signals, no stand-ins."""

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

import psutil
import pytest

from tracking.ledger import Ledger
from tracking.records import State, TrialRecord

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TUNER = [sys.executable, "-c", "from tuner.commands import main; main()"]

FAULTY = '''
"""A network that is struck in its second epoch, once, by what it is told."""

import os
import re
import time
from pathlib import Path

import lightning.pytorch as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).parent

class Faulty(L.LightningModule):
    def __init__(self, fault: str = "none") -> None:
        super().__init__()
        self.fault, self.layer = fault, nn.Linear(2, 1)

    def training_step(self, batch, batch_idx):
        loss = self.layer(batch[0]).square().mean()
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val/loss", self.layer(batch[0]).square().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

    def on_train_epoch_start(self):
        if self.current_epoch == 1:
            self.be_struck()

    def be_struck(self):
        mark = HERE / self.fault
        if self.fault == "memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total of ...")
        if self.fault == "none" or mark.exists():
            return
        mark.with_suffix(".new").write_text(str(os.getpid()))
        mark.with_suffix(".new").rename(mark)
        if self.fault == "stuck":  # deep in C, with the interpreter's lock held: no thread of Python's runs any more
            re.match("(a+)+$", "a" * 60 + "b")
        time.sleep(1000)

class Few(L.LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), 4)

    def val_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), 4)
'''
SPEC = """
dataset: {module: "faulty:Few"}
architecture: {module: "faulty:Faulty", fault: [none, killed, stuck, memory]}
objective: {metric: val/loss, mode: min}
points: [{architecture.Faulty.fault: killed}, {architecture.Faulty.fault: stuck}, {architecture.Faulty.fault: memory}]
scheduler: none
searcher: random
budget: {trials: 4, epochs: 3}
resources: {workers: 2}
failures: {retries: 1, timeout_minutes: 0.5}
"""


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while not path.exists():
        assert process.poll() is None, "the sweep ended early"
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Nothing of it is left in the end, whatever happens."""
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[TrialRecord], list[str]]]:
    """A sweep of which one worker is killed, one hangs, and one finds a GPU's memory full: its trials and its notes."""
    folder = tmp_path_factory.mktemp("struck")
    (folder / "faulty.py").write_text(FAULTY)
    (folder / "spec.yaml").write_text(SPEC)
    environment = os.environ | {"TUNER_HOME": str(folder / "home")}
    environment.pop("MLFLOW_TRACKING_URI", None)
    command = [*TUNER, "sweep", "spec.yaml", "--json"]
    with ended(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder)) as process:
        wait_for(folder / "killed", process)
        worker = psutil.Process(int((folder / "killed").read_text()))
        assert worker in psutil.Process(process.pid).children(recursive=True)
        worker.send_signal(signal.SIGKILL)
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0
    notes = [event["text"] for event in map(json.loads, said.splitlines()) if event["event"] == "note"]
    yield Ledger.open(folder / "home" / "sweeps" / "spec").trials(), notes


def check_went_on(trial: TrialRecord) -> None:
    """Every epoch was reported once, though the second one was begun twice."""
    assert trial.state is State.COMPLETE
    assert trial.folder is not None
    steps = [json.loads(line)["step"] for line in (trial.folder / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3]
    assert trial.attributes["losses"] == 1


def test_a_killed_worker_is_replaced_and_its_trial_goes_on(struck: tuple[list[TrialRecord], list[str]]) -> None:
    trials, notes = struck
    check_went_on(trials[0])
    cause = "its worker was killed from outside, or ran out of memory"
    assert f"trial 0 goes on from its newest checkpoint: {cause}" in notes


def test_a_worker_that_hangs_is_ended_and_its_trial_goes_on(struck: tuple[list[TrialRecord], list[str]]) -> None:
    trials, notes = struck
    check_went_on(trials[1])
    (note,) = [note for note in notes if note.startswith("trial 1")]
    assert "no epoch ended within 0.5 minutes" in note


def test_a_gpu_without_memory_fails_the_trial_with_the_remedy(struck: tuple[list[TrialRecord], list[str]]) -> None:
    trial = struck[0][2]
    assert (trial.state, trial.epochs) == (State.FAIL, 1)
    assert trial.cause == "the GPU ran out of memory: take a smaller training.batch_size, or a smaller network"
    assert "losses" not in trial.attributes


def test_the_others_are_not_touched(struck: tuple[list[TrialRecord], list[str]]) -> None:
    assert [(trial.state, trial.epochs) for trial in struck[0][3:]] == [(State.COMPLETE, 3)]
