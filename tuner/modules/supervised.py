"""Learning targets from samples: classes, labels, numbers, or how a series goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import lightning.pytorch as L
import torch
from torch import Tensor, nn

from search_spaces.choice import Architecture, Augmentation, Choice, Loss, LrSchedule, Optimizer
from search_spaces.data import Data, Task
from search_spaces.imbalance import class_weights
from search_spaces.lr_schedules.constant import Constant
from search_spaces.training import Training
from tuner.modules.layerwise import Layerwise, layerwise_of
from tuner.modules.metrics import Metrics, metrics, training_metrics
from tuner.modules.spreads import spreads

Batch = tuple[Tensor, Tensor]


def build(chosen: Mapping[str, Choice], data: Data) -> Supervised:
    """The module that learns this data's targets with these choices."""
    network = cast(Architecture, chosen["architecture"]).build(data.inputs, data.outputs)
    labelled = data.task in ("classification", "multilabel")
    weights = class_weights(data.train.y, data.outputs) if labelled else None
    return Supervised(
        network,
        cast(Loss, chosen["loss"]).build(weights),
        recipe_of(chosen),
        data.task,
        cast(Augmentation, chosen["augmentation"]).build(data.words),
        layerwise=layerwise_of(chosen, network, data),
    )


def recipe_of(chosen: Mapping[str, Choice]) -> Recipe:
    """How the weights are changed, from the choices that say so."""
    training = cast(Training, chosen["training"])
    return Recipe(cast(Optimizer, chosen["optimizer"]), cast(LrSchedule, chosen["lr_schedule"]), training.l1)


@dataclass(frozen=True)
class Recipe:
    """How a network's weights are changed.

    Attributes:
        optimizer: What changes them.
        schedule: How its learning rate goes on.
        l1: Weight of the sum of their absolute values in the loss.
    """

    optimizer: Optimizer
    schedule: LrSchedule
    l1: float = 0.0


class Supervised(L.LightningModule):
    """Trains a network on samples with targets, and reports the loss and the task's metrics for each part of the data.

    Args:
        network: Samples [batch, ...] in, outputs [batch, outputs] out.
        loss: (outputs, targets) -> a scalar, the mean over the batch.
        recipe: How the weights are changed.
        task: What is learned.
        augmentation: Changes training samples at random; a batch in, a batch out.
        layerwise: Trains the network's blocks apart; all alike otherwise.
    """

    def __init__(  # noqa: PLR0913 - what a training is made of
        self,
        network: nn.Module,
        loss: nn.Module,
        recipe: Recipe,
        task: Task = "classification",
        augmentation: nn.Module | None = None,
        *,
        layerwise: Layerwise | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.recipe = recipe
        self.task = task
        self.augmentation = augmentation
        self.layerwise = layerwise
        self.spreads: dict[str, float] = {}
        """Of the test part's samples, when that was read: `tuner.modules.spreads`."""
        self._seen: list[Batch] = []

    def forward(self, x: Tensor) -> Tensor:
        """The network's outputs."""
        outputs: Tensor = self.network(x)
        return outputs

    def configure_optimizers(self) -> Any:
        """The optimizer over all weights, with its schedule."""
        optimizer = self.recipe.optimizer.build(self.network.parameters())
        if self.layerwise:
            self.layerwise.regroup(optimizer)
        schedule = self.recipe.schedule
        if schedule == Constant(warmup=0.0):  # stepping it would cost a small network a tenth of its time
            return optimizer
        steps, epochs = int(self.trainer.estimated_stepping_batches), int(self.trainer.max_epochs or 1)
        # Lightning steps schedules by epoch only after the epoch's checkpoint is written, and a resumed trial would
        # miss one: so those are stepped with the epoch's last batch.
        every = 1 if schedule.interval == "step" else max(1, steps // epochs)
        scheduler = {"scheduler": schedule.build(optimizer, steps, epochs), "interval": "step", "frequency": every}
        if schedule.monitor:
            scheduler["monitor"] = schedule.monitor
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def on_train_epoch_start(self) -> None:
        """Freeze and open blocks, where they are trained apart."""
        if self.layerwise:
            self.layerwise.begin(self.current_epoch, int(self.trainer.max_epochs or 1))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        x, y = batch
        outputs = self.network(self.augmentation(x) if self.augmentation else x)
        self._seen.append((outputs.detach(), y))
        loss: Tensor = self._loss(outputs, y)
        return loss + self.recipe.l1 * self._size_of_weights() if self.recipe.l1 else loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep a batch's outputs for the end of the epoch."""
        x, y = batch
        self._seen.append((self.network(x), y))

    def on_train_epoch_end(self) -> None:
        """Report what training saw, dropout and all."""
        self._report("train", training_metrics)

    def on_validation_epoch_start(self) -> None:
        """Put aside what training saw: validation happens inside the training epoch."""
        self._training, self._seen = self._seen, []

    def on_validation_epoch_end(self) -> None:
        """Report the validation part."""
        self._report("val", metrics)
        self._seen = self._training

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep a batch's outputs for the end of the epoch."""
        self.validation_step(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        """Report the test part."""
        self._report("test", metrics)

    def _report(self, part: str, measure: Any) -> None:
        # Once an epoch over everything: a metric object a step costs more than the step of a small network.
        outputs, y = (torch.cat(tensors) for tensors in zip(*self._seen, strict=True))
        self._seen = []
        with torch.no_grad():
            found: Metrics = {"loss": self._loss(outputs, y), **measure(self.task, outputs, y)}
        self.log_dict({f"{part}/{name}": value for name, value in found.items()})
        if part == "test":
            self.spreads = spreads(self.task, self._loss, outputs, y)

    def _loss(self, outputs: Tensor, y: Tensor) -> Tensor:
        loss: Tensor = self.loss(outputs, y if self.task == "classification" else y.reshape(outputs.shape))
        return loss

    def _size_of_weights(self) -> Tensor:
        return torch.stack([weights.abs().sum() for weights in self.network.parameters()]).sum()
