"""From choices to what Lightning fits: a module, and where its batches come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import lightning.pytorch as L
from torch import Tensor, nn

from search_spaces.choice import Architecture, Loss, Optimizer
from search_spaces.imported import Imported
from search_spaces.space import realise
from search_spaces.training import Training
from tuner.assignment import Assignment
from tuner.batches import Batches
from tuner.datasets import read_data
from tuner.modules.supervised import Supervised

Sources = dict[str, Any]
"""The keyword arguments of `Trainer.fit` or `Trainer.test` that say where batches come from."""


def build_module(assignment: Assignment) -> L.LightningModule:
    """The module that an assignment describes, with fresh weights."""
    chosen = {slot: realise(slot, choice) for slot, choice in assignment.choices.items()}
    architecture = chosen["architecture"]
    if isinstance(architecture, Imported):
        return cast(L.LightningModule, architecture.build())
    data = read_data(assignment.choices["dataset"])
    network = cast(Architecture, architecture).build(data.inputs, data.outputs)
    return Supervised(network, cast(Loss, chosen["loss"]).build(), cast(Optimizer, chosen["optimizer"]))


def build_sources(assignment: Assignment, verb: Literal["fit", "test"]) -> Sources:
    """Where the batches for fitting or testing come from."""
    dataset = realise("dataset", assignment.choices["dataset"])
    if isinstance(dataset, Imported):
        return {"datamodule": dataset.build()}
    data, size = read_data(assignment.choices["dataset"]), _batch_size(assignment)
    if verb == "test":
        return {"dataloaders": Batches(data.test, len(data.test))}
    return {
        "train_dataloaders": Batches(data.train, size, seed=assignment.seed),
        "val_dataloaders": Batches(data.validation, max(size, 1024)),
    }


def build_exportable(assignment: Assignment, weights: Mapping[str, Tensor]) -> tuple[nn.Module, Tensor]:
    """The network alone, one tensor in and one out, with these weights; and two samples to show it."""
    module = build_module(assignment)
    module.load_state_dict(dict(weights))
    if isinstance(module, Supervised):
        return module.network, read_data(assignment.choices["dataset"]).test.x[:2]
    datamodule = build_sources(assignment, "test").get("datamodule")
    if datamodule is None:
        return module, read_data(assignment.choices["dataset"]).test.x[:2]
    datamodule.setup("fit")
    batch = next(iter(datamodule.val_dataloader()))
    return module, (batch[0] if isinstance(batch, list | tuple) else batch)[:2]


def _batch_size(assignment: Assignment) -> int:
    training = cast(Training, realise("training", assignment.choices["training"]))
    return training.batch_size
