"""The metrics that trials report: their names, what is measured, and between which bounds their values lie."""

from __future__ import annotations

import math

REPORTED = (
    "val/loss",
    *(
        f"val/{name}"
        for name in ("accuracy", "precision", "recall", "f1", "auroc", "perplexity", "mse", "rmse", "mae", "r2")
    ),
    "train/loss",
    "train/accuracy",
)
"""What the platform's own module reports, on one task or another."""

OF_TASK: dict[str, tuple[str, ...]] = {
    "classification": ("accuracy", "precision", "recall", "f1", "auroc", "perplexity"),
    "multilabel": ("accuracy", "precision", "recall", "f1", "auroc"),
    "regression": ("mse", "rmse", "mae", "r2"),
    "forecasting": ("mse", "rmse", "mae"),
}
"""What `tuner.modules.metrics` gives for each task; precision, recall, F1 and AUROC are means over the classes."""

MEASURED = {
    "parameters": "how many numbers the module learns or keeps frozen: the elements of all its parameters",
    "size_mb": "parameters and buffers as they lie in memory, in MB of 10**6 bytes",
    "peak_memory_mb": "the accelerator's peak, or the process's without one, in MB, since the trial's turn began",
    "epoch_seconds": "seconds by the clock from the end of the epoch before to the end of this one",
    "latency_ms": "milliseconds for one sample, on the trial's own device: `tuner.measures`",
}
"""What every trial can report besides, whatever it learns. The last two are reported where the spec names them."""

BEFORE_TRAINING = ("parameters", "size_mb")
"""Known as soon as a network is built."""

LASTING = (*BEFORE_TRAINING, "latency_ms")
"""The same after every epoch: a constraint that these break once stays broken."""

_BOUNDS = {
    **dict.fromkeys(("accuracy", "precision", "recall", "f1", "auroc"), (0.0, 1.0)),
    **dict.fromkeys(("mse", "rmse", "mae", *MEASURED), (0.0, math.inf)),
    "perplexity": (1.0, math.inf),
    "r2": (-math.inf, 1.0),
}


def bounds(metric: str) -> tuple[float, float]:
    """The least and the greatest value a metric can have; infinite where its name does not tell."""
    return _BOUNDS.get(metric.rsplit("/", maxsplit=1)[-1], (-math.inf, math.inf))
