"""ONNX with weights of 8 bits: what it costs in accuracy, and what it saves in size."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from search_spaces.data import Part, Task
from tuner.batches import Batches
from tuner.building import JUDGED_AT_ONCE
from tuner.export_formats import BATCHES, Exported, Run, difference, onnx_runner, quietly, to_onnx
from tuner.loaded import Loaded
from tuner.modules.metrics import metrics
from tuner.reported import OF_TASK


def quantise(model: Loaded, unfinished: Path, file: Path) -> Exported:
    """Write a model as ONNX with weights of 8 bits, and judge it and the network on the whole validation part.

    Each layer's inputs are scaled as they come, so that no samples are needed to calibrate it (dynamic quantisation).

    Args:
        model: The registered version; `UsageError` if its data cannot be read here.
        unfinished: Where it is written.
        file: What it will be called.
    """
    data, plain = model.data(), unfinished.with_name(f"{unfinished.name}.plain")
    try:
        to_onnx(model.network, model.samples(2), plain)
        _to_eight_bits(plain, unfinished)
        before, after = plain.stat().st_size / 1e6, unfinished.stat().st_size / 1e6
    finally:
        plain.unlink(missing_ok=True)
    run, metric = onnx_runner(unfinished), OF_TASK[data.task][0]
    with torch.no_grad():
        figures = {
            f"val/{metric} before": _judged(model.network, data.validation, data.task),
            f"val/{metric} after": _judged(run, data.validation, data.task),
            "MB before": before,
            "MB after": after,
        }
    return Exported("int8", file, after, difference(model.network, run, model.samples(max(BATCHES))), figures)


def _to_eight_bits(plain: Path, file: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(plain)
    del model.graph.value_info[:]  # says the shapes of weights that are turned around on the way, which then are wrong
    with quietly():
        quantize_dynamic(model, file, weight_type=QuantType.QInt8)


def _judged(run: Run, part: Part, task: Task) -> float:
    """The leading metric of a task over a whole part."""
    outputs: list[Tensor] = [run(x) for x, _ in Batches(part, JUDGED_AT_ONCE)]
    found = metrics(task, torch.cat(outputs), part.y)
    return float(next(iter(found.values())))
