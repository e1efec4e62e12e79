"""From choices to what Lightning fits: a module, and where its batches come from."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Literal, cast

import lightning.pytorch as L
from torch import Tensor, nn

from search_spaces.choice import Architecture
from search_spaces.imported import Imported
from search_spaces.meaning import Meaning
from search_spaces.space import realise
from search_spaces.training import Training
from tuner.assignment import Assignment
from tuner.batches import Batches
from tuner.datasets import read_data
from tuner.modules.supervised import Supervised

JUDGED_AT_ONCE = 1024
"""Samples a batch when nothing is learned from them."""

Sources = dict[str, Any]
"""The keyword arguments of `Trainer.fit` or `Trainer.test` that say where batches come from."""


def build_module(assignment: Assignment) -> L.LightningModule:
    """The module that an assignment describes, with fresh weights."""
    chosen = {slot: realise(slot, choice) for slot, choice in assignment.choices.items()}
    architecture = chosen["architecture"]
    if isinstance(architecture, Imported):
        return cast(L.LightningModule, architecture.build())
    learning = importlib.import_module(f"tuner.modules.{cast(Architecture, architecture).learning}")
    return cast(L.LightningModule, learning.build(chosen, read_data(assignment.choices["dataset"])))


def build_sources(assignment: Assignment, verb: Literal["fit", "test"]) -> Sources:
    """Where the batches for fitting or testing come from."""
    dataset = realise("dataset", assignment.choices["dataset"])
    if isinstance(dataset, Imported):
        return {"datamodule": dataset.build()}
    data, training = read_data(assignment.choices["dataset"]), training_of(assignment)
    judged = max(training.batch_size, JUDGED_AT_ONCE)
    if verb == "test":
        return {"dataloaders": Batches(data.test, judged)}
    return {
        "train_dataloaders": Batches(data.train, training.batch_size, assignment.seed, training.oversample),
        "val_dataloaders": Batches(data.validation, judged),
    }


def build_exportable(assignment: Assignment, weights: Mapping[str, Tensor]) -> tuple[nn.Module, Tensor]:
    """The network alone, one tensor in and one out, with these weights; and two samples to show it."""
    module = build_module(assignment)
    module.load_state_dict(dict(weights))
    return exportable_of(module, assignment)


def exportable_of(module: L.LightningModule, assignment: Assignment) -> tuple[nn.Module, Tensor]:
    """A module's network alone, one tensor in and one out; and two samples to show it."""
    if hasattr(module, "exportable") and "module" not in assignment.choices["architecture"]:
        return cast(tuple[nn.Module, Tensor], module.exportable(read_data(assignment.choices["dataset"])))
    if isinstance(module, Supervised):
        return module.network, read_data(assignment.choices["dataset"]).test.x[:2]
    datamodule = build_sources(assignment, "test").get("datamodule")
    if datamodule is None:
        return module, read_data(assignment.choices["dataset"]).test.x[:2]
    datamodule.setup("fit")
    batch = next(iter(datamodule.val_dataloader()))
    return module, (batch[0] if isinstance(batch, list | tuple) else batch)[:2]


def preparation_of(assignment: Assignment) -> str:
    """How raw samples become the network's inputs, and what its outputs say, as JSON (`search_spaces.meaning`).

    `{}` for a user's own data module, which does not say.
    """
    dataset, architecture = (realise(slot, assignment.choices[slot]) for slot in ("dataset", "architecture"))
    if isinstance(dataset, Imported):
        return "{}"
    learning = "own" if isinstance(architecture, Imported) else cast(Architecture, architecture).learning
    return Meaning.of(read_data(assignment.choices["dataset"]), learning).model_dump_json()


def training_of(assignment: Assignment) -> Training:
    """How training goes; the defaults for a user's own data module, which makes its own batches."""
    return cast(Training, realise("training", assignment.choices.get("training", {"name": "training"})))
