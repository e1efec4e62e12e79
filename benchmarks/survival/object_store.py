"""A local S3 behind a proxy, for what MLflow keeps as files: uploaded by its server, or by the driver itself."""

from __future__ import annotations

import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from survival.drivers import DONE, Notes, forked
from survival.place import Place, Sqlite
from survival.proxy import Proxy, free_port
from survival.servers import launch, mlflow_server

BUCKET = "models"
ACCOUNT = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


def lacking() -> str | None:
    """What this machine lacks for it."""
    return next((name for name in ("boto3", "moto") if find_spec(name) is None), None)


@contextmanager
def uploading(place: Place, *, directly: bool) -> Iterator[Proxy]:
    """A proxy before S3, where the files of the place's runs go: from its drivers, or by way of MLflow's server."""
    proxy, uri, database = _servers()
    proxy.up()
    place.name = f"small-{time.time_ns()}"  # the servers are shared
    place.environment |= settings(proxy) | {"MLFLOW_TRACKING_URI": uri}
    place.shown_in = Sqlite(database)
    if directly:
        _elsewhere(place, "experiment", lambda: _make_experiment(place, uri))
    try:
        yield proxy
    finally:
        proxy.well()
        proxy.down()


def settings(proxy: Proxy) -> dict[str, str]:
    """What a process must know to reach S3 by way of the proxy."""
    return {"MLFLOW_S3_ENDPOINT_URL": proxy.uri, **ACCOUNT}


def kept(place: Place) -> list[str]:
    """What is not in S3 as it is to be: the spec, and the best network, as one model that is whole."""
    return _elsewhere(place, "kept", lambda: _look(place))


@cache
def _servers() -> tuple[Proxy, str, Path]:
    """Started once: S3 with an empty bucket, a proxy before it that does not listen yet, MLflow's server on that."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="survival-s3-"))
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    launch(command, folder, ACCOUNT, lambda: _listens(port))
    proxy = Proxy(f"http://127.0.0.1:{port}").up()
    _bucket(proxy)
    proxy.down()
    return proxy, *mlflow_server(f"s3://{BUCKET}/served", settings(proxy))


def _bucket(proxy: Proxy) -> None:
    asked = urllib.request.Request(f"{proxy.uri}/{BUCKET}", method="PUT")
    urllib.request.urlopen(asked).close()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _client(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(uri)


def _elsewhere(place: Place, name: str, act: Callable[[], Iterable[str]]) -> list[str]:
    """In a process of its own: a client of S3 or MLflow leaves threads and connections, which a fork would share."""

    def noted(notes: Notes) -> bool:
        notes.note("found", problems=list(act()))
        return False

    doing = forked(noted, place.folder / name, place.environment)
    if (code := doing.wait()) != DONE:
        raise RuntimeError(f"{name} ended with {code}: {(place.folder / name / 'output.txt').read_text()[-2000:]}")
    found: list[str] = doing.noted("found")[-1]["problems"]
    return found


def _make_experiment(place: Place, uri: str) -> Iterator[str]:
    _client(uri).create_experiment(place.name, f"s3://{BUCKET}/{place.name}")
    yield from ()


def _look(place: Place) -> Iterator[str]:
    from mlflow.artifacts import download_artifacts

    uri, record = place.environment["MLFLOW_TRACKING_URI"], place.record()
    client = _client(uri)
    experiment = client.get_experiment_by_name(place.name)
    (sweep,) = client.search_runs([experiment.experiment_id], "tags.`best.trial` != ''")
    spec = download_artifacts(run_id=sweep.info.run_id, artifact_path="spec.yaml", tracking_uri=uri)
    if Path(spec).read_text() != (place.sweep_folder / "spec.yaml").read_text():
        yield "the spec in S3 is not the sweep's"
    models = client.search_logged_models([experiment.experiment_id])
    ready = [model.model_id for model in models if str(model.status.value) == "READY"]
    noted = record.attributes.get("model", {}).get("uri")
    if [f"models:/{found}" for found in ready] != [noted]:
        yield f"the ledger has the model {noted}, MLflow {ready} of {len(models)}"
    else:
        yield from _same_weights(place, uri, ready[0])


def _same_weights(place: Place, uri: str, model: str) -> Iterator[str]:
    import torch

    from tracking.models import WEIGHTS, fetch_model
    from tuner.trial import load

    folder = place.folder / "model"
    folder.mkdir()
    weights = torch.load(fetch_model(uri, model, folder) / WEIGHTS, weights_only=True)
    best = place.record().best()
    assert best is not None
    assert best.checkpoint is not None
    trained = load(best.checkpoint)["state_dict"].values()
    if not weights or not all(any(torch.equal(mine, other) for other in trained) for mine in weights.values()):
        yield "the weights in S3 are not those of the best checkpoint"
