"""A network in the formats that others run, and how far what a file gives is from what the network gives."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import torch
from torch import Tensor, nn

BATCHES = (1, 2, 7)
"""The sizes of batches with which a file is compared."""

Run = Callable[[Tensor], Tensor]
"""What a file gives for a batch."""


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        format: `onnx`, `pt2`, `torchscript` or `int8`.
        file: Where it is.
        megabytes: Its size.
        difference: The largest one between its outputs and the network's own.
        figures: For `int8`, the leading metric of the validation part with the network and with the file, and the size
            of the ONNX file it was made of.
    """

    format: str
    file: Path
    megabytes: float
    difference: float
    figures: Mapping[str, float] | None = None

    def __str__(self) -> str:
        written = f"{self.format}: {self.file}, {self.megabytes:.2f} MB"
        if self.figures is None:
            sizes = ", ".join(map(str, BATCHES))
            return f"{written}, outputs within {self.difference:.1g} of the network's (batches of {sizes})"
        told = ", ".join(f"{name} {value:.4g}" for name, value in self.figures.items())
        return f"{written}; {told}"


def to_onnx(network: nn.Module, example: Tensor, file: Path) -> Run:
    """Write a network as ONNX, batches of any size; returns what runs the file."""
    with quietly():
        torch.onnx.export(
            _traced(network, example),
            (),
            file,
            input_names=["inputs"],
            output_names=["outputs"],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    return onnx_runner(file)


def onnx_runner(file: Path) -> Run:
    """What runs an ONNX file on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone: it warns of every node that it leaves on the CPU
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {"inputs": x.numpy()})[0])


def to_pt2(network: nn.Module, example: Tensor, file: Path) -> Run:
    """Write a network as torch.export's archive; returns what runs the file."""
    with quietly():
        torch.export.save(_traced(network, example), file)
        loaded_again: Run = torch.export.load(file).module()
    return loaded_again


def to_torchscript(network: nn.Module, example: Tensor, file: Path) -> Run:
    """Write a network as TorchScript, by tracing; returns what runs the file."""
    with quietly():
        torch.jit.save(torch.jit.trace(network, example, check_trace=False), file)
        loaded_again: Run = torch.jit.load(file, map_location="cpu")
    return loaded_again


def _traced(network: nn.Module, example: Tensor) -> torch.export.ExportedProgram:
    """What a network does to a batch of any size; two samples are needed, as one would fix the size."""
    return torch.export.export(network, (example,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))


def difference(network: nn.Module, run: Run, samples: Tensor) -> float:
    """The largest difference between two outputs, in batches of different sizes; of the largest output if above 1."""
    found = [_difference(network, run, samples[:size]) for size in BATCHES]
    return max(found)


def _difference(network: nn.Module, run: Run, x: Tensor) -> float:
    with torch.no_grad():
        wanted, given = network(x), run(x)
    if wanted.shape != given.shape:
        return float("inf")
    return float((wanted - given).abs().max() / wanted.abs().max().clamp_min(1))


@contextmanager
def quietly() -> Iterator[None]:
    """The exporters tell of their progress, and warn of one another."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
