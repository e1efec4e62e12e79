"""The registry of an MLflow server with PostgreSQL behind it: a sweep's winner from its promotion to its use."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from tracking.registry import ModelName, Registry
from tuner import Sweep
from tuner.exporting import export
from tuner.home import Home
from tuner.lineage import lineage, lines
from tuner.prediction import predict
from tuner.promotion import promote, rollback

pytestmark = pytest.mark.slow
MODEL = "over-http"


@pytest.fixture
def sweep(confirmed_home: Path, mlflow_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """A confirmed sweep that the server has never heard of."""
    shutil.copytree(confirmed_home, tmp_path / "home")
    monkeypatch.setenv("TUNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    return Sweep.open("tiny")


def test_a_winner_is_promoted_used_replaced_and_brought_back(
    sweep: Sweep, mlflow_server: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [unconfirmed] = sweep.leaderboard()["trial"].tolist()[2:]
    assert sweep.promote(f"{MODEL}@champion").version.number == 1
    assert promote(sweep, f"{MODEL}@champion", trial=unconfirmed, force="a test").version.number == 2
    assert "Waiting up to" not in capfd.readouterr().err
    assert lines(lineage(Home.at(), MODEL))[1].startswith(f"  {MODEL}/1 @previous: mlp, val/accuracy ")
    assert rollback(mlflow_server.uri, ModelName(MODEL)).version.number == 1

    registry = Registry(mlflow_server.uri)
    assert {it.number: it.aliases for it in registry.versions(MODEL)} == {1: ("champion",), 2: ("previous",)}
    assert registry.find(ModelName(MODEL)).evidence["confirmation"]["seeds"] == 3

    np.save(tmp_path / "new.npy", load_digits().images[:5])
    assert predict(f"models:/{MODEL}@champion", tmp_path / "new.npy", tmp_path / "out.csv").version == f"{MODEL}/1"
    assert len(pd.read_csv(tmp_path / "out.csv")) == 5
    export(f"{MODEL}/2", {"pt2": tmp_path / "m.pt2"})
    assert (tmp_path / "m.pt2").stat().st_size > 0
