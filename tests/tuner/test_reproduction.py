"""Trials made again: the same to the last bit, or the numbers that differ and what is different here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tracking.ledger import Ledger
from tuner import Sweep, UsageError, changes
from tuner.commands import app
from tuner.reproduction import OF_THE_MACHINE, reproduce

SPEC: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "architecture": {"mlp": {"width": [8, 16], "depth": 1, "dropout": 0.2}},
    "optimizer": ["sgd", "adamw"],
    "lr_schedule": "one_cycle",
    "training": {"batch_size": 512},
    "searcher": "random",
    "scheduler": "asha",
    "budget": {"trials": 4, "epochs": 3},
}


@pytest.fixture(scope="module")
def finished_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one finished sweep, whose scheduler stopped some of its trials."""
    folder = tmp_path_factory.mktemp("finished") / "home"
    shutil.copytree(empty_home, folder)
    Sweep(SPEC, home=folder).run(runner="inline")
    return folder


@pytest.fixture
def own_home(finished_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One's own copy of it."""
    folder = tmp_path / "home"
    shutil.copytree(finished_home, folder)
    monkeypatch.setenv("TUNER_HOME", str(folder))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


def spool_of(home: Path, number: int) -> Path:
    return home / "sweeps" / "tiny" / "trials" / str(number) / "metrics.jsonl"


def test_every_trial_of_a_sweep_is_the_same_to_the_last_bit(own_home: Path) -> None:
    trials = Sweep.open("tiny").record().trials
    assert {trial.epochs for trial in trials} > {1}  # some were stopped, some were not
    for trial in trials:
        found = reproduce(f"tiny/{trial.number}")
        assert found.same
        assert found.cause is None
        assert found.epochs == trial.epochs
        assert {"train/loss", "val/accuracy", "val/loss", "lr"} <= set(found.metrics)
        assert not set(OF_THE_MACHINE) & set(found.metrics)


def test_what_was_kept_of_the_sweep_is_left_as_it_is(own_home: Path) -> None:
    before = {path: path.read_bytes() for path in (own_home / "sweeps").rglob("*") if path.is_file()}
    reproduce("tiny/0")
    after = {path: path.read_bytes() for path in (own_home / "sweeps").rglob("*") if path.is_file()}
    assert before == after


def test_a_trial_is_found_by_its_mlflow_run(own_home: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{own_home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("tiny")
    runs = client.search_runs([experiment.experiment_id])
    [trial] = [run for run in runs if run.data.tags.get("sweepforge.trial") == "1"]
    [sweep] = [run for run in runs if "sweepforge.trial" not in run.data.tags]

    assert reproduce(trial.info.run_id).trial == 1
    with pytest.raises(UsageError, match=r"is that of the whole sweep 'tiny': name a trial, tiny/0"):
        reproduce(sweep.info.run_id)
    with pytest.raises(UsageError, match="MLflow knows no run"):
        reproduce("0" * 32)


def test_a_number_that_differs_in_its_last_bit_is_found(own_home: Path) -> None:
    path = spool_of(own_home, 0)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    was = lines[0]["metrics"]["val/loss"]
    lines[0]["metrics"]["val/loss"] = was * (1 + 2**-52)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    found = reproduce("tiny/0")
    assert not found.same
    [it] = found.differences
    assert (it.epoch, it.metric, it.now) == (1, "val/loss", was)


def test_the_command_shows_what_differs_and_exits_with_1(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app()(["reproduce", "tiny/0"], standalone_mode=False)
    assert "trial 0 of tiny (seed " in (said := capsys.readouterr().out)
    assert "is the same to the last bit" in said
    path = spool_of(own_home, 0)
    path.write_text(path.read_text().replace('"val/accuracy":0', '"val/accuracy":1'))
    code = app()(["reproduce", "tiny/0"], standalone_mode=False)
    said = capsys.readouterr().out
    assert code == 1
    assert "is not the same" in said
    assert "val/accuracy" in said


def test_other_packages_data_and_machines_are_told(own_home: Path) -> None:
    from mlflow import MlflowClient

    ledger = Ledger.open(own_home / "sweeps" / "tiny", read_only=False)
    facts = json.loads(json.dumps(ledger.study.user_attrs[changes.KEY]))
    facts["packages"]["torch"] = "2.9.1"
    facts["data"]["digits"] = "0" * 16
    ledger.note(changes.KEY, facts)
    client = MlflowClient(f"sqlite:///{own_home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("tiny")
    for run in client.search_runs([experiment.experiment_id], "tags.`sweepforge.trial` = '0'"):
        client.set_tag(run.info.run_id, "provenance.platform", "Plan-9")

    found = reproduce("tiny/0")
    assert any(line.startswith("torch 2.9.1 -> 2.") for line in found.environment)
    assert "data digits: other samples" in found.environment
    assert any(line.startswith("platform Plan-9 -> ") for line in found.environment)
    assert found.same


def test_nothing_is_said_of_an_environment_that_is_the_same(own_home: Path) -> None:
    assert [line for line in reproduce("tiny/0").environment if not line.startswith("git.")] == []


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("tiny/99", r"'tiny' has no trial 99; it has 4, from 0 on"),
        ("tiny", r"'tiny' is a sweep; its best trial is tiny/\d"),
        ("tny/0", r"no sweep named 'tny' in .*; did you mean 'tiny'"),
    ],
)
def test_what_is_no_trial_is_refused_in_one_line(run: str, said: str, own_home: Path) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        reproduce(run)
    assert "\n" not in str(raised.value)


def test_a_population_based_trial_cannot_be_made_alone(home: Path) -> None:
    spec = {
        **SPEC,
        "scheduler": {"pbt": {"interval_epochs": 1}},
        "optimizer": {"sgd": {"lr": {"low": 1e-6, "high": 1e-1, "log": True}}},
        "lr_schedule": "constant",
    }
    sweep = Sweep(spec).run(runner="inline")
    taken = [trial.number for trial in sweep.record().trials if trial.takeovers]
    assert taken
    with pytest.raises(UsageError, match=r"went on from the weights of trial \d after epoch \d"):
        reproduce(f"tiny/{taken[0]}")
