"""Learning a label from a sample."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as L
import torch
from torch import Tensor, nn
from torchmetrics.functional.classification import multiclass_accuracy

from search_spaces.choice import Optimizer

Batch = tuple[Tensor, Tensor]


class Supervised(L.LightningModule):
    """Trains a network on labelled samples, and reports `loss` and `accuracy` for each part of the data.

    Args:
        network: Samples [batch, ...] in, outputs [batch, classes] out.
        loss: (outputs, labels) -> a scalar, the mean over the batch.
        optimizer: What changes the weights.
    """

    def __init__(self, network: nn.Module, loss: nn.Module, optimizer: Optimizer) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.optimizer = optimizer
        self._seen: list[Batch] = []

    def forward(self, x: Tensor) -> Tensor:
        """The network's outputs."""
        outputs: Tensor = self.network(x)
        return outputs

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The chosen optimizer over all weights."""
        return self.optimizer.build(self.network.parameters())

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        x, y = batch
        outputs = self.network(x)
        self._seen.append((outputs.detach(), y))
        loss: Tensor = self.loss(outputs, y)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep a batch's outputs for the end of the epoch."""
        x, y = batch
        self._seen.append((self.network(x), y))

    def on_train_epoch_end(self) -> None:
        """Report what training saw, dropout and all."""
        self._report("train")

    def on_validation_epoch_start(self) -> None:
        """Put aside what training saw: validation happens inside the training epoch."""
        self._training, self._seen = self._seen, []

    def on_validation_epoch_end(self) -> None:
        """Report the validation part."""
        self._report("val")
        self._seen = self._training

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep a batch's outputs for the end of the epoch."""
        self.validation_step(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        """Report the test part."""
        self._report("test")

    def _report(self, part: str) -> None:
        # Once an epoch over everything: a metric object a step costs more than the step of a small network.
        outputs, y = (torch.cat(tensors) for tensors in zip(*self._seen, strict=True))
        self._seen = []
        self.log_dict({f"{part}/{name}": value for name, value in self._metrics(outputs, y).items()})

    def _metrics(self, outputs: Tensor, y: Tensor) -> dict[str, Any]:
        with torch.no_grad():
            return {
                "loss": self.loss(outputs, y),
                "accuracy": multiclass_accuracy(outputs, y, outputs.shape[1], average="micro", validate_args=False),
            }
