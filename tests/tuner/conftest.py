import shutil
from pathlib import Path

import pytest

from tracking.stores.on_mlflow import OnMlflow


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with MLflow's empty tables: making them takes seconds, copying them nothing."""
    folder = tmp_path_factory.mktemp("home")
    OnMlflow(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts").experiment("warm", {})
    return folder


@pytest.fixture
def home(empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, which `TUNER_HOME` names."""
    folder = tmp_path / "home"
    shutil.copytree(empty_home, folder)
    monkeypatch.setenv("TUNER_HOME", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder
