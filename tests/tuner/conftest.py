import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from search_spaces.choice import Choice
from search_spaces.space import realise
from tracking.goals import Objective
from tracking.models import DATA, NETWORK, log_model
from tracking.registry import Registry
from tracking.stores.on_mlflow import OnMlflow
from tuner import Sweep, building, restoring
from tuner.assignment import Assignment


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with MLflow's empty tables: making them takes seconds, copying them nothing."""
    folder = tmp_path_factory.mktemp("home")
    OnMlflow(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts").experiment("warm", {})
    return folder


@pytest.fixture(scope="session")
def tiny_spec() -> dict[str, Any]:
    """A sweep that trains its three trials in a second."""
    return {
        "name": "tiny",
        "dataset": "digits",
        "architecture": {"mlp": {"width": [8, 16], "depth": 1}},
        "optimizer": "adamw",
        "training": {"batch_size": 256},
        "searcher": "random",
        "scheduler": "none",
        "objective": {"target": 0.99},
        "budget": {"trials": 3, "epochs": 2},
    }


@pytest.fixture(scope="session")
def confirmed_home(empty_home: Path, tiny_spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a finished sweep, its models in MLflow, and its confirmation; copy `sweeps` to change it."""
    folder = tmp_path_factory.mktemp("confirmed") / "home"
    shutil.copytree(empty_home, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Sweep(tiny_spec, home=folder).run(runner="inline").confirm(top=2, seeds=3, runner="inline")
    return folder


@pytest.fixture
def home(empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, which `TUNER_HOME` names."""
    folder = tmp_path / "home"
    shutil.copytree(empty_home, folder)
    monkeypatch.setenv("TUNER_HOME", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


def keep_untrained(home: Path, model: str, dataset: Choice, architecture: Mapping[str, Any]) -> Assignment:
    """Register a network with fresh weights as `model@champion`, as a promoted trial's would be; trains nothing."""
    choices = {
        "dataset": dataset.describe(),
        "architecture": realise("architecture", architecture).describe(),
        "loss": {"name": "mse" if dataset.task in ("regression", "forecasting") else "cross_entropy"},
        "optimizer": {"name": "adamw"},
        "lr_schedule": {"name": "constant"},
        "augmentation": {"name": "none"},
        "training": {"name": "training"},
    }
    if dataset.task == "multilabel":
        choices["loss"] = {"name": "binary_cross_entropy"}
    given = {slot: realise(slot, choice).describe() for slot, choice in choices.items()}
    assignment = Assignment(0, given, 0, 1, home, Objective())
    torch.manual_seed(0)
    network, example = building.build_exportable(assignment, building.build_module(assignment).state_dict())
    files = {
        Path(NETWORK).name: restoring.network_file(assignment),
        Path(DATA).name: building.preparation_of(assignment),
    }
    uri = f"sqlite:///{home / 'mlflow.db'}"
    store = OnMlflow(uri, home / "artifacts")
    run = store.create(store.experiment(model, {}), "trial-000", {}, 1)
    logged = log_model(uri, run, network, example, model, files=files)
    version = Registry(uri).register(model, logged.uri, run, {})
    Registry(uri).point(model, "champion", version.number, None)
    return assignment


@pytest.fixture
def register(home: Path) -> Callable[..., Assignment]:
    """Registers an untrained network in the home; see `keep_untrained`."""
    return partial(keep_untrained, home)


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
