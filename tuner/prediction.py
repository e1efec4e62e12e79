"""What a registered model says of new samples: raw data in, a table of names and numbers in their own units out."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TextIO

import torch

from search_spaces.meaning import Columns, Meaning
from search_spaces.preparation import Preparation, Samples
from tuner.as_given import AsGiven
from tuner.errors import UsageError
from tuner.home import Home
from tuner.loaded import Loaded, loaded

AT_ONCE = 1024
"""Samples that are in memory at one time."""
UNNAMED = "the columns are the network's own outputs: its data module does not say what they mean"


@dataclass
class Predicted:
    """What was predicted.

    Attributes:
        version: By which version.
        samples: For how many samples.
        remarks: What was noteworthy, and of how many samples it is true.
    """

    version: str
    samples: int = 0
    remarks: Counter[str] = field(default_factory=Counter)


def predict(
    name: str, source: str | Path, out: Path | TextIO, *, home: str | Path | None = None, trust_code: bool = False
) -> Predicted:
    """Write what a model says of every sample of a file or folder, as CSV.

    A column `sample` (the row's number, the line, or the image's file), then for classes `class` and the probability
    of each, `p_NAME`; for labels 0 or 1 and the probability of each; for numbers each in its own unit; for series a row
    for each step ahead.

    Args:
        name: `MODEL@champion`, `MODEL/3`.
        source: Samples as in the training data's source: a table, a table of texts, images, or an array of numbers.
            For data of a user's own module, which does not say what it makes of raw samples: an array of the network's
            inputs; its outputs are then written as they are, `output_1` and so on.
        out: The file, written whole or not at all; or an open stream.
        home: The folder for everything.
        trust_code: Let the model run code that it brings.

    Raises:
        UsageError: The model is unknown, or the samples are of another kind than those it was trained on.
    """
    with loaded(name, Home.at(home), trust_code=trust_code) as model, _writing(out) as stream:
        predicted = Predicted(str(model.version))
        pieces = _said(model, Path(source).expanduser(), predicted)
        first = next(pieces, None)
        if first is None:
            raise UsageError(f"{source}: holds no samples")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(first)
        for columns in chain([first], pieces):
            writer.writerows(zip(*columns.values(), strict=True))
    return predicted


def _said(model: Loaded, source: Path, predicted: Predicted) -> Iterator[Columns]:
    """What the model says, piece by piece."""
    inputs, meaning = _understood(model)
    for some, x in _encoded(inputs, source):
        with torch.inference_mode():
            outputs = model.network(x)
        predicted.samples += len(some.names)
        predicted.remarks.update(some.remarks)
        predicted.remarks.update({UNNAMED: len(some.names)} if model.meaning is None else {})
        yield meaning.say(list(some.names), outputs.flatten(1))


def _understood(model: Loaded) -> tuple[Preparation | AsGiven, Meaning]:
    """How to read samples for a model and what its outputs say; numbers in and numbers out where nobody knows."""
    meaning = model.meaning
    if meaning is None:
        return AsGiven(model.example), Meaning(task="regression", learning="own")
    if meaning.learning not in ("supervised", "own"):
        learned = model.assignment.choices["architecture"]["name"]
        raise UsageError(f"{model.version} is a network of kind {learned}, which predicts nothing: export it instead")
    return meaning.inputs or AsGiven(model.example), meaning


def _encoded(inputs: Preparation | AsGiven, source: Path) -> Iterator[tuple[Samples, torch.Tensor]]:
    try:
        for some in inputs.read(source, AT_ONCE):
            yield some, inputs.encode(some.raw)
    except (ValueError, OSError) as error:
        text = str(error).split("\n", maxsplit=1)[0]
        raise UsageError(text if str(source) in text else f"{source}: {text}") from error


@contextmanager
def _writing(out: Path | TextIO) -> Iterator[TextIO]:
    """A stream to write to; a file comes to its name when all of it is there."""
    if not isinstance(out, Path):
        yield out
        return
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        unfinished.replace(out)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
