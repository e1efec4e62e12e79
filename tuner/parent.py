"""The registered version that a sweep starts from: fetched, and compared with what is to be trained."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from search_spaces.blocks import head_of
from search_spaces.choice import Architecture
from search_spaces.data import Data
from search_spaces.shape import Shape
from tracking import checkpoints
from tracking.models import DATA, NETWORK, WEIGHTS
from tracking.registry import ModelName, Registry, RegistryError, Version
from tuner.errors import UsageError, cause_of
from tuner.weights import Weights


@dataclass(frozen=True)
class Parent:
    """A registered version, as far as another training can start from it.

    Attributes:
        version: Which one.
        architecture: Its choice of a network, as plain data.
        weights: By dotted name, on the CPU.
        digest: The fingerprint of the file of weights, 16 hex digits.
        inputs: The shape of one sample.
        data: What is kept of the data it learned from (`data.json`); empty if nothing is.
    """

    version: Version
    architecture: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    digest: str
    inputs: Shape
    data: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """What the ledger notes, and what lineage is drawn from."""
        known = {"model": self.version.model, "version": self.version.number}
        return {**known, "uri": self.version.uri, "digest": self.digest}


@dataclass(frozen=True)
class Inherited:
    """What a new network takes over from its parent.

    Attributes:
        weights: By dotted name; without the head, unless that stays.
        new: The names of the weights that start afresh, with their shapes there and here.
    """

    weights: Weights
    new: tuple[str, ...]

    def __str__(self) -> str:
        count = sum(math.prod(value.shape) for value in self.weights.values())
        new = f"a new head: {', '.join(self.new)}" if self.new else "its head too: the classes are the same"
        return f"{len(self.weights)} tensors ({count:,} numbers) taken over, {new}"


def parent_of(uri: str, name: str) -> Parent:
    """A version by its name (`MODEL@champion`, `MODEL/3`), with its weights; `UsageError` if it cannot be a parent."""
    try:
        registry = Registry(uri)
        version = registry.find(ModelName.read(name))
        with TemporaryDirectory() as folder:
            return _read(version, registry.fetch(version, Path(folder)))
    except RegistryError as error:
        raise UsageError(f"start_from: {error}") from error


def inherited(parent: Parent, architecture: Architecture, data: Data) -> Inherited:
    """What a network for this data takes over; `UsageError` if more than the head differs."""
    _check_samples(parent, data)
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        network = architecture.build(data.inputs, data.outputs)
    head = head_of(architecture, data.inputs, data.outputs)
    own = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in parent.weights.items()}
    differing = [name for name in {**own, **given} if own.get(name) != given.get(name)]
    if wrong := [name for name in differing if name not in head]:
        told = "; ".join(_difference(name, given, own) for name in wrong[:5])
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise UsageError(f"start_from: only the head of {parent.version} may differ, but so do: {told}{more}")
    kept = not differing and _same_targets(parent, data)
    new = () if kept else tuple(_difference(name, given, own) for name in own if name in head)
    return Inherited({name: it for name, it in parent.weights.items() if kept or name not in head}, new)


def _read(version: Version, folder: Path) -> Parent:
    described = _json(folder / NETWORK)
    if described is None or not (folder / WEIGHTS).is_file():
        text = "was registered without what rebuilds its network: train it again, and promote that"
        raise UsageError(f"start_from: {version} {text}")
    architecture, sizes = described["assignment"]["choices"]["architecture"], described["network"]
    if sizes is None:
        text = f"({architecture['name']}) does not learn targets, or is a module of its user's own"
        raise UsageError(f"start_from: {version} {text}: only the platform's supervised networks can be gone on from")
    return Parent(
        version=version,
        architecture=architecture,
        weights=_weights(version, folder / WEIGHTS),
        digest=checkpoints.digest_of(folder / WEIGHTS),
        inputs=Shape(sizes["inputs"], sizes["kind"], sizes["vocabulary"]),
        data=_json(folder / DATA) or {},
    )


def _weights(version: Version, path: Path) -> Weights:
    try:
        found: Weights = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, UnpicklingError) as error:
        text = f"has weights that cannot be read ({cause_of(error)}): choose another version, or train it again"
        raise UsageError(f"start_from: {version} {text}") from error
    return found


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _check_samples(parent: Parent, data: Data) -> None:
    there, here = parent.inputs, data.inputs
    if (there.kind, tuple(there)) != (here.kind, tuple(here)):
        first, second = (f"{it.kind} samples of {' x '.join(map(str, it))}" for it in (there, here))
        text = f"learned from {first}, the data set has {second}"
        raise UsageError(f"start_from: {parent.version} {text}; bring them to that shape, or choose another parent")
    known = _named(parent.data.get("preparation"))
    if known and data.preparation and known != _named(data.preparation.describe()):
        what = "words" if there.kind == "text" else "columns"
        text = f"learned from other {what} than the data set has, so the same numbers would mean other things"
        raise UsageError(f"start_from: {parent.version} {text}; give the data set the same {what}, in the same order")


def _named(preparation: Mapping[str, Any] | None) -> list[str]:
    """What the numbers of a sample stand for, where it has names: a text's words, or a table's columns."""
    kept = preparation or {}
    return [*kept.get("words", ()), *(str(column["name"]) for column in kept.get("columns", ()))]


def _same_targets(parent: Parent, data: Data) -> bool:
    """Whether the very same classes are to be told apart, so that the head knows them already."""
    known = tuple(parent.data.get("classes", ()))
    return bool(known) and known == data.classes and parent.data.get("task") == data.task


def _difference(name: str, given: Mapping[str, tuple[int, ...]], own: Mapping[str, tuple[int, ...]]) -> str:
    there, here = (str(list(shapes[name])) if name in shapes else "missing" for shapes in (given, own))
    return f"{name} {there} -> {here}" if there != here else f"{name} {here}"
