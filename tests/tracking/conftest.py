import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import pytest

from tracking.ledger import Ledger
from tracking.records import CheckpointRef, Objective, Report, State
from tracking.stores.on_mlflow import OnMlflow

SPEC = {"name": "toy", "architecture": {"mlp": {"width": {"low": 8, "high": 64}}}, "budget": {"trials": 4}}


def toy_metrics(number: int, step: int) -> dict[str, float]:
    """Curves that differ, rise and stay below one."""
    accuracy = 1 - 1 / (1 + step + number / 7)
    return {"train/loss": 1 - accuracy, "val/loss": 1.1 - accuracy, "val/accuracy": accuracy, "lr": 0.1 / step}


def suggest(trial: optuna.trial.Trial) -> Mapping[str, Mapping[str, Any]]:
    width = trial.suggest_int("architecture.mlp.width", 8, 64)
    return {
        "architecture": {"name": "mlp", "width": width, "depth": 2},
        "optimizer": {"name": "adamw", "lr": trial.suggest_float("optimizer.adamw.lr", 1e-4, 1e-1, log=True)},
        "training": {"name": "training", "batch_size": 64},
    }


@dataclass
class ToySweep:
    """A sweep that trains nothing: what its driver would write, by hand."""

    folder: Path
    ledger: Ledger
    sampler: optuna.samplers.BaseSampler = field(default_factory=lambda: optuna.samplers.RandomSampler(seed=0))

    def ask(self) -> int:
        return self.ledger.ask(self.sampler, suggest).number

    def report(self, number: int, step: int, **metrics: float) -> bool:
        checkpoint = CheckpointRef(f"trials/{number}/checkpoints/epoch-{step:04d}.ckpt", step, f"digest{step}")
        found = {**toy_metrics(number, step), **metrics}
        return self.ledger.report(number, Report(step, found, seconds=step / 1e6, checkpoint=checkpoint))

    def train(self, number: int, *steps: int) -> None:
        for step in steps:
            assert self.report(number, step)

    def whole(self, *states: State, epochs: int = 3) -> None:
        """Trials that ran to their end, one a state."""
        for state in states:
            number = self.ask()
            self.train(number, *range(1, epochs + 1))
            self.ledger.tell(number, state, cause="loss is not finite" if state is State.FAIL else None)


@pytest.fixture
def toy(tmp_path: Path) -> ToySweep:
    folder = tmp_path / "sweeps" / "toy"
    folder.mkdir(parents=True)
    return ToySweep(folder, Ledger.create(folder, "toy", SPEC, Objective(), id="toy-1", data_digest="d1g35t"))


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database: making one takes seconds, copying it nothing."""
    folder = tmp_path_factory.mktemp("mlflow")
    OnMlflow(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts").experiment("warm", {})
    return folder / "mlflow.db"


@pytest.fixture
def mlflow_uri(migrated_database: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def on_mlflow(mlflow_uri: str, tmp_path: Path) -> OnMlflow:
    return OnMlflow(mlflow_uri, tmp_path / "artifacts")
