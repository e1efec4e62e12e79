"""The main job on Ray, from the command line: what Optuna, MLflow and the leaderboard say of it is one and the same."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import optuna
import pandas as pd
import pytest
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

pytestmark = pytest.mark.slow

TUNER = [sys.executable, "-c", "from tuner.commands import main; main()"]


def tuner(home: Path, *arguments: str, code: int = 0) -> str:
    environment = os.environ | {"TUNER_HOME": str(home)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    command = [*TUNER, *arguments]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=280, cwd=home)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "said.txt").write_text(tuner(home, "sweep", "digits", "budget.trials=8", "budget.epochs=4"))
    return home


@pytest.fixture
def study(home: Path) -> optuna.Study:
    ledger = home / "sweeps" / "digits" / "ledger.journal"
    return optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(str(ledger))))


@pytest.fixture
def board(home: Path) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(tuner(home, "leaderboard", "digits", "--format", "csv"))).set_index("trial")


@pytest.fixture
def runs(home: Path) -> dict[int, object]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("digits")
    found = client.search_runs([experiment.experiment_id])
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    children = [run for run in found if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert len(children) + 1 == len(found)
    return {int(run.data.tags["sweepforge.trial"]): run for run in children}


def test_optuna_and_the_leaderboard_agree_trial_by_trial(study: optuna.Study, board: pd.DataFrame) -> None:
    assert sorted(board.index) == [trial.number for trial in study.trials] == list(range(8))
    for trial in study.trials:
        row = board.loc[trial.number]
        assert row["state"] == trial.state.name
        assert row["epochs"] == max(trial.intermediate_values)
        if trial.state.name != "FAIL":
            assert row["value"] == pytest.approx(max(trial.intermediate_values.values()), abs=1e-12)
            assert trial.value == pytest.approx(row["value"], abs=1e-12)
        for name, value in trial.params.items():
            shown = (
                row["architecture"]
                if name == "architecture"
                else row["optimizer"]
                if name == "optimizer"
                else row[name]
            )
            assert str(shown) == str(value) or float(shown) == pytest.approx(float(value))


def test_mlflow_and_the_leaderboard_agree_trial_by_trial(
    study: optuna.Study, board: pd.DataFrame, runs: dict[int, object]
) -> None:
    assert sorted(runs) == sorted(board.index)
    for number, run in runs.items():
        assert run.info.status == ("FAILED" if board.loc[number, "state"] == "FAIL" else "FINISHED")
        assert run.data.tags["state"] == board.loc[number, "state"]
        assert run.data.metrics["best/val/accuracy"] == pytest.approx(board.loc[number, "value"])
        for name, value in study.trials[number].params.items():
            assert run.data.params[name] in (str(value), json.dumps(value))


def test_mlflow_has_every_metric_of_every_epoch_once(home: Path, study: optuna.Study, runs: dict[int, object]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    wanted = {"train/loss", "train/accuracy", "val/loss", "val/accuracy", "lr", "seconds", "peak_memory_mb"}
    for number, run in runs.items():
        assert wanted <= set(run.data.metrics)
        history = client.get_metric_history(run.info.run_id, "val/accuracy")
        assert {point.step: point.value for point in history} == study.trials[number].intermediate_values
        assert len(history) == len(study.trials[number].intermediate_values)


def test_every_run_tells_the_fingerprint_of_the_data_it_learned_from(runs: dict[int, object]) -> None:
    from search_spaces.datasets.digits import Digits

    assert {run.data.tags["data.digits"] for run in runs.values()} == {Digits().build().digest}


def test_the_test_part_is_reported_once_with_the_best_trials_checkpoint(
    home: Path, study: optuna.Study, runs: dict[int, object]
) -> None:
    said = (home / "said.txt").read_text()
    noted = study.user_attrs["test"]
    assert said.count("test/accuracy") == 1
    assert f"test/accuracy {noted['metrics']['test/accuracy']:.4f}" in said
    assert study.trials[noted["trial"]].value == max(trial.value for trial in study.trials if trial.value is not None)
    assert [number for number, run in runs.items() if "test/accuracy" in run.data.metrics] == [noted["trial"]]


def test_the_checkpoint_on_disk_is_the_one_of_the_best_step(
    home: Path, study: optuna.Study, board: pd.DataFrame
) -> None:
    best = board[board["rank"] == 1].iloc[0]
    checkpoint = torch.load(best["checkpoint"], weights_only=True)
    assert checkpoint["epoch"] + 1 == best["step"]
    assert checkpoint["callbacks"]["EveryEpoch"]["metrics"]["val/accuracy"] == pytest.approx(best["value"])


def test_the_best_network_is_a_logged_model_that_predicts_what_its_checkpoint_predicts(
    home: Path, study: optuna.Study, tmp_path: Path
) -> None:
    import mlflow
    from mlflow import MlflowClient

    from tracking.models import WEIGHTS, fetch_model
    from tracking.records import CheckpointRef
    from tuner import trial
    from tuner.assignment import Assignment
    from tuner.building import build_exportable
    from tuner.sweep import Sweep

    uri = f"sqlite:///{home / 'mlflow.db'}"
    folder = fetch_model(uri, study.user_attrs["model"]["uri"].removeprefix("models:/"), tmp_path)
    record = Sweep.open("digits", home).best
    assert record is not None
    assert isinstance(record.checkpoint, CheckpointRef)
    weights = trial.load(record.checkpoint)["state_dict"]
    assignment = Assignment(0, record.choices, 0, 1, tmp_path, Sweep.open("digits", home).record().objective)
    network, example = build_exportable(assignment, weights)
    kept = torch.load(folder / WEIGHTS, weights_only=True)
    assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())
    predicted = mlflow.pyfunc.load_model(str(folder)).predict(example.numpy())
    assert torch.allclose(torch.as_tensor(predicted), network.eval()(example).detach(), atol=1e-5)
    assert MlflowClient(uri).get_logged_model(study.user_attrs["model"]["uri"].removeprefix("models:/")).source_run_id


def test_a_name_that_exists_says_how_to_go_on(home: Path) -> None:
    environment = os.environ | {"TUNER_HOME": str(home)}
    command = [*TUNER, "sweep", "digits"]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "tuner resume digits" in done.stderr
    assert "tuner extend digits --trials N" in done.stderr


def test_status_and_json_leaderboard_speak_of_the_same_best_trial(home: Path, board: pd.DataFrame) -> None:
    status = json.loads(tuner(home, "status", "digits", "--json"))
    ranked = json.loads(tuner(home, "leaderboard", "digits", "--format", "json", "--top", "1"))
    assert status["best"]["trial"] == ranked[0]["trial"]
    assert status["best"]["value"] == pytest.approx(ranked[0]["value"])
    assert status["driver"] is None
    assert math.isclose(sum(status["states"].values()), 8)


def test_the_report_is_one_page_that_needs_no_network(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    tuner(home, "report", "digits", "-o", str(page))
    text = page.read_text()
    assert "digits" in text
    assert 'src="http' not in text


def test_more_trials_can_be_added_to_a_finished_sweep(home: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(home / "sweeps", copy / "sweeps")
    tuner(copy, "extend", "digits", "--trials", "2", "--inline")
    status = json.loads(tuner(copy, "status", "digits", "--json"))
    assert status["trials"] == status["planned"] == 10
