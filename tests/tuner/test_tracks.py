import json
import os
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from optuna.samplers import RandomSampler

from tracking.ledger import Ledger
from tracking.records import Report, State
from tracking.stores.on_mlflow import OnMlflow
from tuner.errors import SweepError
from tuner.spec import SweepSpec
from tuner.sweep import Sweep

RAW = {
    "name": "shown",
    "dataset": "digits",
    "architecture": {"mlp": {"width": 8, "dropout": {"low": 0.0, "high": 0.5}}},
    "budget": {"trials": 3, "epochs": 2},
}


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    OnMlflow(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts").experiment("empty", {})
    return folder / "mlflow.db"


@pytest.fixture
def home(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep that nobody has shown yet, and an empty database."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    spec, folder = SweepSpec.read(RAW), tmp_path / "sweeps" / "shown"
    folder.mkdir(parents=True)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    ledger = Ledger.create(folder, "shown", spec.describe(), spec.objective.resolved(), id="shown-1", planned=3)
    for number in range(3):
        ledger.ask(RandomSampler(seed=number), spec.space.suggest)
        for step in (1, 2):
            ledger.report(number, Report(step, {"val/accuracy": step / 10, "val/loss": 1.0}, float(step)))
        ledger.tell(number, State.COMPLETE)
    return tmp_path


def counted(home: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        runs = store.execute("select count(*) from runs where lifecycle_stage = 'active'").fetchone()[0]
        return runs, store.execute("select count(*) from metrics").fetchone()[0]


def test_a_sweep_is_shown_whole_in_an_empty_database_and_again_nothing_is_missing(home: Path) -> None:
    done = Sweep.open("shown", home).track()
    assert (done.runs, done.points) == counted(home)
    assert done.runs == 4
    assert done.uri == f"sqlite:///{home / 'mlflow.db'}"
    again = Sweep.open("shown", home).track()
    assert (again.runs, again.points) == (0, 0)
    assert counted(home) == (done.runs, done.points)


def test_what_a_half_filled_database_misses_is_added(home: Path, empty_database: Path) -> None:
    whole = Sweep.open("shown", home).track()
    with closing(sqlite3.connect(home / "mlflow.db")) as store, store:
        (lost,) = store.execute("select run_uuid from tags where key = 'sweepforge.trial' and value = '1'").fetchone()
        store.execute("update runs set lifecycle_stage = 'deleted' where run_uuid = ?", (lost,))
    done = Sweep.open("shown", home).track()
    assert done.runs == 1
    assert counted(home)[0] == whole.runs


def test_the_facts_shown_are_those_of_the_driver_and_not_of_who_shows_the_sweep_later(home: Path) -> None:
    (home / "sweeps" / "shown" / "provenance.json").write_text('{"git.commit": "c0ffee", "torch": "1.0"}')
    Sweep.open("shown", home).track()
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        found = store.execute("select distinct value from tags where key = 'provenance.torch'").fetchall()
    assert found == [("1.0",)]


def test_a_sweep_that_is_driven_is_left_to_its_driver(home: Path) -> None:
    me = psutil.Process(os.getpid())
    held = {"host": socket.gethostname(), "process": me.pid, "began": me.create_time(), "heard": 0.0}
    (home / "sweeps" / "shown" / "driver.json").write_text(json.dumps(held))
    with pytest.raises(SweepError, match=f"'shown' is driven by process {me.pid} .* shows it in MLflow by itself"):
        Sweep.open("shown", home).track()
    assert counted(home) == (0, 0)


def test_a_server_that_is_away_is_said_in_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(SweepError, match=r"^MLflow at http://127.0.0.1:9 did not [^\n]*$"):
        Sweep.open("shown", home).track()
    assert not caplog.records  # nothing that would be read as a driver's warning
