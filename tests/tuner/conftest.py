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


LOADER = '''
import math

class Hills:
    """Level r of 9 has reached height * r / 9; every level takes `pace` seconds; late ones break at level `breaks`."""

    R, maximize, ref = 9, True, {"best": 1.0, "q50": 0.5}
    space = {
        "breaks": {"type": "int", "low": 1, "high": 9, "log": False, "when": [("kind", ["late"])]},
        "kind": {"type": "cat", "choices": ["plain", "late"]},
        "height": {"type": "float", "low": 0, "high": 1, "log": False},
        "pace": {"type": "ord", "choices": [1.0, 2.0, 4.0]},
    }

    def curve(self, config):
        last = config.get("breaks", 10)
        return [config["height"] * r / 9 if r < last else math.nan for r in range(1, 10)]

    def cost(self, config):
        return [config["pace"] * r for r in range(1, 10)]

class Plain(Hills):
    space = {name: given for name, given in Hills.space.items() if name in ("height", "pace")}

class Shares(Plain):
    R, levels, maximize, ref = 4, [1 / 27, 1 / 9, 1 / 3, 1.0], False, None

    def curve(self, config):
        return [1 - config["height"] * share for share in self.levels]

    def cost(self, config):
        return [config["pace"] * 27 * share for share in self.levels]

def names():
    return ["hills", "plain", "shares"]

def load(name):
    return {"hills": Hills, "plain": Plain, "shares": Shares}[name]()
'''


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder of recorded tasks whose every figure can be worked out by hand."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "loader.py").write_text(LOADER)
    return folder
