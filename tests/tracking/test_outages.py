"""A tracking server that is slow, ill or breaks off, seen through a proxy before a real one."""

import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracking import wording
from tracking.projection import Projection, follow
from tracking.records import State
from tracking.stores.on_mlflow import OnMlflow

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from survival.proxy import Proxy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path, free_port: Callable[[], int]) -> Any:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    (folder / "mlflow.db").write_bytes(migrated_database.read_bytes())
    settings = {
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder / 'mlflow.db'}",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | settings, cwd=folder, stdout=log, stderr=log)
    uri = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while not answers(uri):
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.2)
    yield uri
    process.terminate()
    process.wait(timeout=30)


def answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize(
    ("illness", "seen"),
    [
        ({"status": 500}, True),
        ({"status": 429}, True),  # with Retry-After: an hour, which is not waited for
        ({"broken": True}, True),  # carried out, and then not answered: what it made is found again
        ({"broken": True, "every": 3}, False),
        ({"delay": 0.5}, False),
    ],
    ids=["500", "429", "broken off", "now and then", "slow"],
)
def test_an_ill_server_costs_the_driver_nothing_and_is_caught_up_once_each(
    toy: Any, server: str, illness: dict[str, Any], seen: bool
) -> None:
    proxy = Proxy(server).up()
    toy.ledger.note("id", f"toy-{proxy.uri}")  # the server is shared: this sweep's runs are its own
    store = OnMlflow(proxy.uri)
    projection = Projection(follow(toy.folder), store, every=0.05)
    numbers = [toy.ask() for _ in range(2)]
    waits: list[float] = []

    def epoch(step: int) -> None:
        for number in numbers:
            began = time.monotonic()
            toy.train(number, step)
            projection.nudge()
            waits.append(time.monotonic() - began)

    try:
        projection.start()
        epoch(1)
        for name, value in illness.items():
            setattr(proxy, name, value)
        for step in (2, 3):
            epoch(step)
            time.sleep(0.5)
        if seen:
            deadline = time.monotonic() + 60
            while projection.problem is None:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        proxy.well()
        epoch(4)
        for number in numbers:
            toy.ledger.tell(number, State.COMPLETE)
        assert projection.close(deadline_seconds=120), projection.problem
        assert sorted(waits)[len(waits) // 2] < 0.1  # the driver's median; how long the server took is no matter of its
        assert_once_each(store, toy, proxy.uri)
    finally:
        proxy.down()


def assert_once_each(store: OnMlflow, toy: Any, proxy: str) -> None:
    client = store._client
    experiment = client.get_experiment_by_name("toy")
    condition = f"tags.`{wording.LEDGER_TAG}` = 'toy-{proxy}'"
    runs = client.search_runs([experiment.experiment_id], condition)
    told = Counter(number for number, _ in toy.ledger.history())
    trials = [run for run in runs if wording.TRIAL_TAG in run.data.tags]
    assert Counter(int(run.data.tags[wording.TRIAL_TAG]) for run in trials) == dict.fromkeys(told, 1)
    assert len(runs) - len(trials) == 1
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in trials:
        for key in ("val/accuracy", wording.EPOCH):
            steps = sorted(point.step for point in client.get_metric_history(run.info.run_id, key))
            assert steps == list(range(1, told[int(run.data.tags[wording.TRIAL_TAG])] + 1))
