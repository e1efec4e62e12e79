from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
import yaml
from torch import nn

from tracking.models import WEIGHTS, ModelError, fetch_model, log_model
from tracking.stores.base import Point
from tracking.stores.on_mlflow import OnMlflow


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


@pytest.fixture
def run(on_mlflow: OnMlflow, mlflow_uri: str) -> str:
    experiment = on_mlflow.experiment("digits", {})
    run = on_mlflow.create(experiment, "trial-000 mlp", {}, 1)
    points = [Point("val/accuracy", step / 10, step, step) for step in (1, 2, 3)]
    on_mlflow.log(run, points=points, params={"architecture.mlp.width": "8"})
    return run


@pytest.fixture(autouse=True)
def tracking_uri_of_the_process() -> Iterator[None]:
    """Somewhere else: what is logged and fetched here is told its store."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri("sqlite:////nowhere/at/all.db")
    yield
    mlflow.set_tracking_uri(before)


IMAGES = torch.linspace(-1, 1, 5 * 16).reshape(5, 1, 4, 4)


def expected(network: nn.Module, inputs: torch.Tensor) -> np.ndarray:
    network.eval()
    with torch.no_grad():
        return network(inputs).numpy()


def test_a_loaded_model_predicts_the_same_for_any_number_of_samples(
    network: nn.Module, run: str, mlflow_uri: str
) -> None:
    model = log_model(mlflow_uri, run, network, IMAGES, "digits", step=2)
    wanted = expected(network, IMAGES)
    mlflow.set_tracking_uri(mlflow_uri)  # loading by `models:/` asks the tracking URI of the process
    served = mlflow.pyfunc.load_model(model.uri)
    np.testing.assert_allclose(served.predict(IMAGES.numpy()), wanted, rtol=1e-6)
    np.testing.assert_allclose(served.predict(IMAGES[:1].numpy()), wanted[:1], rtol=1e-5)
    with torch.no_grad():
        np.testing.assert_allclose(mlflow.pytorch.load_model(model.uri)(IMAGES).numpy(), wanted, rtol=1e-6)


def test_the_weights_beside_it_load_safely_and_can_be_trained_further(
    network: nn.Module, run: str, mlflow_uri: str, tmp_path: Path
) -> None:
    model = log_model(mlflow_uri, run, network, IMAGES, "digits", step=2)
    weights = torch.load(fetch_model(mlflow_uri, model.id, tmp_path) / WEIGHTS, weights_only=True)
    assert all(torch.equal(weights[key], value) for key, value in network.state_dict().items())
    network.load_state_dict(weights)
    network.train()(IMAGES).sum().backward()


def test_the_model_tells_its_signature_example_requirements_and_run(
    network: nn.Module, run: str, mlflow_uri: str, tmp_path: Path
) -> None:
    model = log_model(mlflow_uri, run, network, IMAGES[:1], "digits", step=2, tags={"digest": "abc"})
    folder = fetch_model(mlflow_uri, model.id, tmp_path)
    described = yaml.safe_load((folder / "MLmodel").read_text())
    assert described["run_id"] == run
    assert '"shape": [-1, 1, 4, 4]' in described["signature"]["inputs"]
    versions = {"mlflow": mlflow.__version__, "torch": torch.__version__.split("+")[0], "numpy": np.__version__}
    assert (folder / "requirements.txt").read_text().split() == [f"{name}=={at}" for name, at in versions.items()]
    info = mlflow.models.Model.load(str(folder))
    assert np.asarray(info.load_input_example(str(folder))).shape == (2, 1, 4, 4)
    assert not list(folder.rglob("*.pkl"))


def test_the_model_shows_the_metrics_of_its_epoch_and_the_runs_stay_single(
    network: nn.Module, run: str, mlflow_uri: str
) -> None:
    model = log_model(mlflow_uri, run, network, IMAGES, "digits", step=2)
    client = mlflow.MlflowClient(mlflow_uri)
    found = client.get_logged_model(model.id)
    assert [(metric.key, metric.value) for metric in found.metrics] == [("val/accuracy", 0.2)]
    assert found.params == {"architecture.mlp.width": "8"}
    assert found.status == "READY"
    assert [point.step for point in client.get_metric_history(run, "val/accuracy")] == [1, 2, 3]
    assert [output.model_id for output in client.get_run(run).outputs.model_outputs] == [model.id]


def test_logging_leaves_the_network_and_the_process_as_they_were(network: nn.Module, run: str, mlflow_uri: str) -> None:
    network.train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    log_model(mlflow_uri, run, network, IMAGES, "digits")
    assert network.training
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert mlflow.get_tracking_uri() == "sqlite:////nowhere/at/all.db"
    assert mlflow.active_run() is None


class Undecided(nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs * 2 if inputs.sum() > 0 else inputs


def test_a_network_that_cannot_be_traced_is_refused_with_the_reason(run: str, mlflow_uri: str) -> None:
    with pytest.raises(ModelError, match=r"Undecided with inputs of shape \(2, 4\)"):
        log_model(mlflow_uri, run, Undecided(), torch.ones(2, 4), "undecided")
    client = mlflow.MlflowClient(mlflow_uri)
    (left,) = client.search_logged_models([client.get_run(run).info.experiment_id])
    assert left.status == "FAILED"
