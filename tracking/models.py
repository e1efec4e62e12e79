"""A trained network as an MLflow model that anyone can serve, with its weights beside it for fine-tuning."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.redaction import without_passwords
from tracking.stores.on_mlflow import client_of

if TYPE_CHECKING:
    import torch
    from mlflow import MlflowClient

_WEIGHTS_FILE = "state_dict.pt"
EVIDENCE_FILE = "evidence.json"
EXTRA = "extra_files"
"""Where a model's folder has what MLflow itself does not need."""
WEIGHTS = f"{EXTRA}/{_WEIGHTS_FILE}"
"""Where a model's folder has its state dict: for `torch.load(..., weights_only=True)`."""
NETWORK = f"{EXTRA}/network.json"
"""What rebuilds the network: the trial's assignment, without paths of a machine."""
DATA = f"{EXTRA}/data.json"
"""How raw inputs become tensors, and outputs names."""
EVIDENCE = f"{EXTRA}/{EVIDENCE_FILE}"
"""Why a registered model may be trusted."""


class ModelError(Exception):
    """A network cannot be kept as an MLflow model."""


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model in MLflow.

    `uri` (`models:/m-...`) is what `mlflow.pyfunc.load_model` and `mlflow.pytorch.load_model` take, in a process whose
    tracking URI is the store's; a registered version is made of it. `location` is where its files are.
    """

    id: str
    uri: str
    location: str


def log_model(  # noqa: PLR0913 - MLflow's own arguments, one to one
    store_uri: str,
    run_id: str,
    module: torch.nn.Module,
    example: torch.Tensor,
    name: str,
    *,
    step: int = 0,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> LoggedModel:
    """Keep a network as a model of a run: traced graph (no pickle), signature, an example of two, pinned packages.

    Args:
        store_uri: MLflow's tracking URI.
        run_id: The trial's run.
        module: The network; it is traced on its own device in evaluation mode, and left in the mode it had.
        example: Inputs, batch first; two of them are kept.
        name: The model's name among the run's models.
        step: The epoch of these weights; the run's metrics of that epoch are shown with the model.
        params: Shown with the model; the run's own otherwise.
        tags: Shown with the model.
        files: Texts by file name, kept beside the weights.

    Raises:
        ModelError: if the network cannot be traced with these inputs.
    """
    from mlflow.entities import LoggedModelOutput

    client = client_of(store_uri)
    run = client.get_run(run_id)
    model = client.create_logged_model(
        run.info.experiment_id, name, run_id, dict(tags or {}), dict(params or run.data.params), "torch"
    )
    with _ready_or_failed(client, model.model_id), tempfile.TemporaryDirectory() as folder:
        _save(module, _two(example), Path(folder), model, files or {})
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step)])
        _share_metrics(client, run_id, model.model_id, step)
        client.log_model_artifacts(model.model_id, str(Path(folder) / "model"))
    return LoggedModel(model.model_id, model.model_uri, model.artifact_location)


def fetch_model(store_uri: str, model_id: str, folder: Path) -> Path:
    """Copy a model's files into an existing folder; returns the model's own folder, for MLflow and torch to load from.

    Unlike loading by `models:/...`, this asks the store that is given, whatever tracking URI the process has.
    """
    from mlflow.artifacts import download_artifacts

    location = client_of(store_uri).get_logged_model(model_id).artifact_location
    return Path(download_artifacts(artifact_uri=location, dst_path=str(folder), tracking_uri=store_uri))


def _save(module: torch.nn.Module, example: torch.Tensor, folder: Path, model: Any, files: Mapping[str, str]) -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns of its own type hints when it is imported
        import mlflow.pyfunc
        import mlflow.pytorch
        from mlflow.models import Model, infer_signature

    torch.save({key: value.cpu() for key, value in module.state_dict().items()}, folder / _WEIGHTS_FILE)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    with _evaluating(module), torch.no_grad(), warnings.catch_warnings():
        # torch's own recurrent layers assign such attributes; the graph that comes of it is whole
        warnings.filterwarnings("ignore", "The tensor attributes .* were assigned during export")
        try:
            outputs = module(example)
            mlflow.pytorch.save_model(
                module,
                folder / "model",
                mlflow_model=Model(
                    artifact_path=model.artifact_location, run_id=model.source_run_id, model_id=model.model_id
                ),
                signature=infer_signature(example.cpu().numpy(), outputs.cpu().numpy()),
                input_example=example.cpu().numpy(),
                pip_requirements=[f"torch=={_version('torch')}", f"numpy=={_version('numpy')}"],
                extra_files=[str(folder / name) for name in (_WEIGHTS_FILE, *files)],
                serialization_format="pt2",
            )
        except Exception as error:
            reason = without_passwords(str(error)).strip().split("\n")[0][:300]
            raise ModelError(
                f"a model must be one tensor in, one tensor out, and traceable by torch.export; "
                f"{type(module).__name__} with inputs of shape {tuple(example.shape)} is not ({reason}); "
                "its checkpoint is untouched: load that, or rewrite what depends on the values of the data"
            ) from error


def _two(example: torch.Tensor) -> torch.Tensor:
    """Two samples: with one alone, the exporter would take the size of a batch for fixed."""
    return example[:2] if len(example) >= 2 else example.repeat(2, *[1] * (example.dim() - 1))


def _share_metrics(client: MlflowClient, run_id: str, model_id: str, step: int) -> None:
    """Show the run's metrics of that epoch with the model; the run's own points stay as they are."""
    from mlflow.entities import Metric

    points = [
        Metric(point.key, point.value, point.timestamp, point.step, model_id=model_id, run_id=run_id)
        for key in client.get_run(run_id).data.metrics
        for point in client.get_metric_history(run_id, key)
        if point.step == step
    ]
    if points:
        client.log_batch(run_id, points)


@contextmanager
def _ready_or_failed(client: MlflowClient, model_id: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        client.finalize_logged_model(model_id, "FAILED")
        raise
    client.finalize_logged_model(model_id, "READY")


@contextmanager
def _evaluating(module: torch.nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)


def _version(package: str) -> str:
    return metadata.version(package).split("+")[0]
