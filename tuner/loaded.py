"""A registered version, fetched and ready to be used: its network, what it means, and some real samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor, nn

from search_spaces.data import Data
from search_spaces.meaning import Meaning
from tracking.models import DATA
from tracking.registry import ModelName, Registry, RegistryError, Version
from tuner.assignment import Assignment
from tuner.errors import UsageError
from tuner.home import Home
from tuner.restoring import network_of


@dataclass(frozen=True)
class Loaded:
    """A registered version.

    Attributes:
        version: Which one.
        network: With its weights, in evaluation mode, on the CPU.
        assignment: How it was trained.
        meaning: What raw samples become before it sees them, and what its outputs say; None if that was not kept.
        example: Real samples that are kept with it, [2, ...].
    """

    version: Version
    network: nn.Module
    assignment: Assignment
    meaning: Meaning | None
    example: Tensor

    def data(self) -> Data:
        """The data it was trained on; `UsageError` if that cannot be read here."""
        from tuner.datasets import read_data

        choice = self.assignment.choices["dataset"]
        if "module" in choice:
            raise UsageError(f"{self.version} was trained on data of its user's own module, {choice['module']}")
        try:
            return read_data(choice)
        except (ValueError, OSError) as error:
            raise UsageError(f"the data that {self.version} was trained on cannot be read here: {error}") from error

    def samples(self, count: int) -> Tensor:
        """So many real inputs: of the validation part if it can be read here, else those kept with the model."""
        try:
            found = self.data().validation.x[:count]
        except UsageError:
            found = self.example
        fits = found.shape[1:] == self.example.shape[1:]  # a generator takes other numbers than its data's samples
        return _repeated(found if fits else self.example, count)


@contextmanager
def loaded(name: str, home: Home, *, trust_code: bool = False) -> Iterator[Loaded]:
    """A version by its name (`MODEL@champion`, `MODEL/3`); its files are there for as long as the block runs.

    Raises:
        UsageError: It is unknown or cannot be loaded; `ForeignCodeError` if it brings code that is not trusted.
    """
    with TemporaryDirectory() as scratch:
        try:
            registry = Registry(home.tracking_uri)
            version = registry.find(ModelName.read(name))
            folder = registry.fetch(version, Path(scratch))
        except RegistryError as error:
            raise UsageError(str(error)) from error
        network, assignment = network_of(folder, trust_code=trust_code)
        yield Loaded(version, network.eval(), assignment, _meaning(folder), _example(folder))


def _meaning(folder: Path) -> Meaning | None:
    file = folder / DATA
    text = file.read_text(encoding="utf-8") if file.exists() else "{}"
    return None if text.strip() == "{}" else Meaning.from_json(text)


def _example(folder: Path) -> Tensor:
    from mlflow.models import Model

    model = Model.load(str(folder))
    found = np.asarray(model.load_input_example(str(folder)))
    [tensor] = model.signature.inputs.inputs
    return torch.from_numpy(found.astype(tensor.type))


def _repeated(samples: Tensor, count: int) -> Tensor:
    """So many samples, from the first on again when they are used up."""
    return samples[torch.arange(count) % len(samples)]
