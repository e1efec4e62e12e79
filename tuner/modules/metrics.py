"""The metrics of each task, from all outputs and targets of a part at once; every one is torchmetrics'."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torchmetrics.functional import classification as labels
from torchmetrics.functional import regression as numbers
from torchmetrics.functional.text import perplexity

from search_spaces.data import Task

Metrics = dict[str, Tensor]


def metrics(task: Task, outputs: Tensor, y: Tensor) -> Metrics:
    """All metrics of a task.

    Args:
        task: What is learned.
        outputs: What the network gave, [samples, outputs].
        y: The targets, as `Task` describes them.
    """
    return _BY_TASK[task](outputs.float(), y)


def training_metrics(task: Task, outputs: Tensor, y: Tensor) -> Metrics:
    """The cheap ones, for what training sees on its way."""
    return {"accuracy": _accuracy(outputs, y)} if task == "classification" else {}


def _classification(outputs: Tensor, y: Tensor) -> Metrics:
    classes = outputs.shape[1]
    shared = {"average": "macro", "validate_args": False}
    return {
        "accuracy": _accuracy(outputs, y),
        "precision": labels.multiclass_precision(outputs, y, classes, **shared),
        "recall": labels.multiclass_recall(outputs, y, classes, **shared),
        "f1": labels.multiclass_f1_score(outputs, y, classes, **shared),
        "auroc": labels.multiclass_auroc(outputs.softmax(1), y, classes, **shared),
        "perplexity": perplexity(outputs[:, None], y[:, None]),  # a text of one word, of as many words as classes
    }


def _accuracy(outputs: Tensor, y: Tensor) -> Tensor:
    return labels.multiclass_accuracy(outputs, y, outputs.shape[1], average="micro", validate_args=False)


def _multilabel(outputs: Tensor, y: Tensor) -> Metrics:
    labelled, count, whole = outputs.sigmoid(), outputs.shape[1], y.long()
    shared = {"average": "macro", "validate_args": False}
    return {
        "accuracy": labels.multilabel_accuracy(labelled, whole, count, **shared),
        "precision": labels.multilabel_precision(labelled, whole, count, **shared),
        "recall": labels.multilabel_recall(labelled, whole, count, **shared),
        "f1": labels.multilabel_f1_score(labelled, whole, count, **shared),
        "auroc": labels.multilabel_auroc(labelled, whole, count, **shared),
    }


def _regression(outputs: Tensor, y: Tensor) -> Metrics:
    y = y.reshape(outputs.shape)
    return {**_forecasting(outputs, y), "r2": numbers.r2_score(outputs, y)}


def _forecasting(outputs: Tensor, y: Tensor) -> Metrics:
    flat, truth = outputs.flatten(), y.flatten()
    mse = numbers.mean_squared_error(flat, truth)
    return {"mse": mse, "rmse": mse.sqrt(), "mae": numbers.mean_absolute_error(flat, truth)}


_BY_TASK: dict[str, Callable[[Tensor, Tensor], Metrics]] = {
    "classification": _classification,
    "multilabel": _multilabel,
    "regression": _regression,
    "forecasting": _forecasting,
}
