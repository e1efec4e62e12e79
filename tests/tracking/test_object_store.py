"""MLflow's files in S3, a real one of this machine, whose uploads are broken off or refused on the way."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracking.projection import Projection, follow
from tracking.records import State
from tracking.stores.on_mlflow import OnMlflow

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from survival.object_store import ACCOUNT, SLOW_DOWN
from survival.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:(moto|botocore|boto3)")]


@pytest.fixture(scope="module")
def s3() -> Iterator[Proxy]:
    """A proxy before an S3 with one bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    proxy = Proxy(f"http://{host}:{port}").up()
    client = boto3.client(
        "s3", endpoint_url=proxy.uri, aws_access_key_id="nobody", aws_secret_access_key="none", region_name="us-east-1"
    )
    client.create_bucket(Bucket="models")
    yield proxy
    proxy.down()
    server.stop()


@pytest.mark.parametrize(
    "illness",
    [{"cut": True}, {"status": 500, "text": b""}, {"status": 503, "text": SLOW_DOWN}],
    ids=["cut", "500", "503"],
)
def test_an_upload_that_fails_costs_no_point_and_is_made_up_for(
    toy: Any, s3: Proxy, mlflow_uri: str, illness: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {**ACCOUNT, "MLFLOW_S3_ENDPOINT_URL": s3.uri, "AWS_MAX_ATTEMPTS": "2"}.items():
        monkeypatch.setenv(key, value)
    toy.whole(State.COMPLETE, State.PRUNED)
    store = OnMlflow(mlflow_uri, f"s3://models/{'-'.join(illness)}-{illness.get('status')}")
    projection = Projection(follow(toy.folder), store)
    for name, value in illness.items():
        setattr(s3, name, value)
    before = s3.hurt
    assert not projection.catch_up()
    assert "did not keep an artifact" in str(projection.problem)
    assert s3.hurt > before
    client = store._client
    runs = client.search_runs([client.get_experiment_by_name("toy").experiment_id])
    assert len(runs) == 3
    assert {run.data.metrics.get("epoch", 3) for run in runs} == {3}  # files come last: everything else is there
    points = projection.written.points
    s3.well()
    assert projection.catch_up(), projection.problem
    assert projection.written.points == points
    (sweep,) = [run for run in runs if "sweepforge.trial" not in run.data.tags]
    assert store._client.list_artifacts(sweep.info.run_id)[0].path == "spec.json"
    assert sweep.info.artifact_uri.startswith("s3://models/")
    from mlflow.artifacts import load_text

    assert load_text(f"{sweep.info.artifact_uri}/spec.json").startswith("{")
