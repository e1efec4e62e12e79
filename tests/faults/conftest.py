"""Small sweeps in this process, and what they come to when nothing disturbs them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracking.records import Report
from tracking.stores.on_mlflow import OnMlflow
from tuner import Observer, Sweep

SPEC: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "architecture": {"mlp": {"width": [8, 16], "depth": 1, "dropout": 0.2}},
    "optimizer": "sgd",
    "training": {"batch_size": 512},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 3, "epochs": 3},
}
OWN_CLOCK = ("seconds", "peak_memory_mb")


@pytest.fixture(scope="session")
def mlflow_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's empty tables: making them takes seconds, copying them nothing."""
    folder = tmp_path_factory.mktemp("tables")
    OnMlflow(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts").experiment("warm", {})
    return folder / "mlflow.db"


@pytest.fixture
def inline_home(mlflow_tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own."""
    folder = tmp_path / "home"
    (folder / "sweeps").mkdir(parents=True)
    shutil.copy(mlflow_tables, folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


@pytest.fixture(scope="session")
def undisturbed(mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the sweep comes to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copy(mlflow_tables, folder)
    return outcome_of(Sweep(SPEC, home=folder).run(runner="inline"))


def outcome_of(sweep: Sweep) -> list[Any]:
    """Every trial with all of its reports, but for the clocks; and each step once."""
    found = []
    for trial in sweep.record().trials:
        assert trial.folder is not None
        reports = [json.loads(line) for line in (trial.folder / "metrics.jsonl").read_text().splitlines()]
        assert [report["step"] for report in reports] == list(range(1, trial.epochs + 1))
        values = [{k: v for k, v in report["metrics"].items() if k not in OWN_CLOCK} for report in reports]
        found.append((trial.number, trial.state, trial.params, trial.curve, values))
    return found


class Interrupting(Observer):
    """Presses Ctrl-C after so many reports, and keeps what it is told."""

    def __init__(self, after: int = 0) -> None:
        self._left = after
        self.reports: list[tuple[int, int]] = []
        self.notes: list[str] = []

    def noted(self, text: str) -> None:
        self.notes.append(text)

    def reported(self, number: int, report: Report) -> None:
        self.reports.append((number, report.step))
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def tiny() -> dict[str, Any]:
    """The sweep's spec."""
    return dict(SPEC)


@pytest.fixture
def outcome() -> Callable[[Sweep], list[Any]]:
    """What a sweep has come to."""
    return outcome_of


@pytest.fixture
def interrupting() -> type[Interrupting]:
    """An observer that presses Ctrl-C."""
    return Interrupting
