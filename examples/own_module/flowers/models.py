"""An ordinary Lightning module, as one would write it without any tuning in mind."""

import lightning.pytorch as L
import torch
from torch import Tensor, nn


class Classifier(L.LightningModule):
    """Classifies irises by four measurements of their leaves."""

    def __init__(self, hidden: int = 16, lr: float = 1e-3, activation: str = "relu") -> None:
        super().__init__()
        self.lr = lr
        between = {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]()
        self.network = nn.Sequential(nn.Linear(4, hidden), between, nn.Linear(hidden, 3))

    def forward(self, x: Tensor) -> Tensor:
        """[n, 4] -> [n, 3]."""
        found: Tensor = self.network(x)
        return found

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The loss of a batch."""
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Loss and accuracy of a batch."""
        self._judge("val", batch)

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Loss and accuracy of a batch."""
        self._judge("test", batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)

    def _judge(self, part: str, batch: tuple[Tensor, Tensor]) -> None:
        x, y = batch
        outputs = self(x)
        self.log(f"{part}/loss", nn.functional.cross_entropy(outputs, y))
        self.log(f"{part}/accuracy", (outputs.argmax(1) == y).float().mean())
