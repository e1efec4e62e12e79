"""From choices to what Lightning fits: a module, and where its batches come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, cast

import lightning.pytorch as L

from search_spaces.choice import Architecture, Dataset, Loss, Optimizer
from search_spaces.data import Data
from search_spaces.imported import Imported
from search_spaces.space import realise
from search_spaces.training import Training
from tuner.assignment import Assignment
from tuner.batches import Batches
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


def read_data(choice: Mapping[str, Any]) -> Data:
    """The data that a choice describes; read once a process, however many trials use it."""
    return _read_data(json.dumps(choice, sort_keys=True))


@lru_cache(maxsize=4)
def _read_data(choice: str) -> Data:
    return cast(Dataset, realise("dataset", json.loads(choice))).build()


def _batch_size(assignment: Assignment) -> int:
    training = cast(Training, realise("training", assignment.choices["training"]))
    return training.batch_size
