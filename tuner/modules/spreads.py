"""How far the samples of a part lie from each other in a metric: what its value would differ by on other samples."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from search_spaces.data import Task

Loss = Callable[[Tensor, Tensor], Tensor]


def spreads(task: Task, loss: Loss, outputs: Tensor, y: Tensor) -> dict[str, float]:
    """The standard deviation over samples of every metric that is their mean: divided by sqrt(n), that of n others.

    For a function of a mean (`rmse`, `perplexity`) it is that of the mean times the function's slope there: the delta
    method (G. W. Oehlert, A note on the delta method, The American Statistician 46 (1992), p. 27-29). Left out are
    metrics that are no such mean, the share of right answers (its mean says it), a loss that weighs classes, and all
    of forecasting: the windows of a series overlap, so they say less than their number.

    Args:
        task: What was learned.
        loss: (outputs, targets) -> a scalar.
        outputs: What the network gave, [samples, outputs].
        y: The targets, as `Task` describes them.
    """
    if task == "forecasting" or len(y) < 2:
        return {}
    with torch.no_grad():
        found = {**_of_loss(loss, outputs, y), **_BY_TASK[task](outputs.double(), y)}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _of_loss(loss: Loss, outputs: Tensor, y: Tensor) -> dict[str, float]:
    try:
        each = torch.vmap(loss)(outputs[:, None], y[:, None])
    except RuntimeError:  # a loss that decides by its values cannot be taken apart
        return {}
    return {"loss": _deviation(each)} if torch.isclose(each.mean(), loss(outputs, y), rtol=1e-3) else {}


def _classification(outputs: Tensor, y: Tensor) -> dict[str, float]:
    surprise = F.cross_entropy(outputs, y, reduction="none")
    return {"perplexity": float(surprise.mean().exp()) * _deviation(surprise)}


def _multilabel(outputs: Tensor, y: Tensor) -> dict[str, float]:
    return {"accuracy": _deviation(((outputs > 0) == (y > 0.5)).double().mean(1))}


def _regression(outputs: Tensor, y: Tensor) -> dict[str, float]:
    errors = (outputs - y.reshape(outputs.shape)).flatten(1)
    squares, sizes = errors.square().mean(1), errors.abs().mean(1)
    root = float(squares.mean().sqrt())
    rmse = {"rmse": _deviation(squares) / (2 * root)} if root else {}
    return {"mse": _deviation(squares), "mae": _deviation(sizes), **rmse}


def _deviation(each: Tensor) -> float:
    return float(each.double().std())


_BY_TASK: dict[str, Callable[[Tensor, Tensor], dict[str, float]]] = {
    "classification": _classification,
    "multilabel": _multilabel,
    "regression": _regression,
}
