"""A registered model as a file that others run: each is written, loaded again and compared before it gets its name."""

from __future__ import annotations

import importlib.util
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tuner.errors import UsageError
from tuner.home import Home
from tuner.loaded import Loaded, loaded

TOLERANCE = 1e-4
"""How far an output may be from the network's own; of the largest output, where that is greater than 1."""
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


def export(
    name: str, files: Mapping[str, Path], *, home: str | Path | None = None, trust_code: bool = False
) -> list[Exported]:
    """Write a registered model in other formats.

    Args:
        name: `MODEL@champion`, `MODEL/3`.
        files: Where to write, by format: `onnx`, `pt2` (torch.export), `torchscript`, or `int8` (ONNX with weights of
            8 bits). Batches may have any size.
        home: The folder for everything.
        trust_code: Let the model run code that it brings.

    Raises:
        UsageError: The model is unknown or cannot be written so, what is needed is not installed, or a written file
            gives other outputs than the network; no file is left behind then.
    """
    for needed in sorted({package for kind in files for package in _NEEDED.get(kind, ())}):
        _require(needed)
    with loaded(name, Home.at(home), trust_code=trust_code) as model:
        return [_WRITERS[kind](model, file) for kind, file in files.items()]


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


def _written(kind: str, write: Callable[[nn.Module, Tensor, Path], Run]) -> Callable[[Loaded, Path], Exported]:
    def writer(model: Loaded, file: Path) -> Exported:
        samples = model.samples(max(BATCHES))
        with _whole(file) as unfinished:
            run = _tried(kind, model, lambda: write(model.network, samples[:2], unfinished))
            found = _tried(kind, model, lambda: difference(model.network, run, samples))
            if found > TOLERANCE:
                text = f"gives outputs that differ by {found:.2g} from the network's own, more than {TOLERANCE:g}"
                raise UsageError(f"{model.version} as {kind} {text}; no file was written")
            size = unfinished.stat().st_size / 1e6
        return Exported(kind, file, size, found)

    return writer


def _int8(model: Loaded, file: Path) -> Exported:
    """ONNX with weights of 8 bits, each layer's inputs scaled as they come; judged on the validation part."""
    from tuner import quantisation

    with _whole(file) as unfinished:
        return _tried("int8", model, lambda: quantisation.quantise(model, unfinished, file))


def _tried(kind: str, model: Loaded, act: Callable[[], Any]) -> Any:
    """Whatever an exporter raises, in one line."""
    try:
        return act()
    except UsageError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(f"{model.version} cannot be written as {kind}: {type(error).__name__}: {reason}") from error


_WRITERS: dict[str, Callable[[Loaded, Path], Exported]] = {
    "onnx": _written("onnx", to_onnx),
    "pt2": _written("pt2", to_pt2),
    "torchscript": _written("torchscript", to_torchscript),
    "int8": _int8,
}
_NEEDED = dict.fromkeys(("onnx", "int8"), ("onnx", "onnxruntime", "onnxscript"))


def _require(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        text = "is needed for this and is not installed: pip install 'sweepforge[export]'"
        raise UsageError(f"{package} {text}")


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """A name beside the file's own to write to; the file gets its own when nothing was raised."""
    unfinished = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        yield unfinished
        unfinished.replace(file)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


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
