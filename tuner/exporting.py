"""A registered model as a file that others run: each is written, loaded again and compared before it gets its name."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tuner.errors import UsageError
from tuner.export_formats import BATCHES, Exported, Run, difference, to_onnx, to_pt2, to_torchscript
from tuner.home import Home
from tuner.loaded import Loaded, loaded

TOLERANCE = 1e-4
"""How far an output may be from the network's own; of the largest output, where that is greater than 1."""


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
    from tuner.quantisation import quantise  # it brings the metrics: two seconds that other formats need not wait

    with _whole(file) as unfinished:
        return _tried("int8", model, lambda: quantise(model, unfinished, file))


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
