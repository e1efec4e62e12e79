"""A network of a user's own, for faults that lie in its code: a sweep over it trains in seconds."""

from __future__ import annotations

from typing import Any

from survival.place import Place

MODULE = '''
import time
from pathlib import Path

import torch
from torch import nn
import lightning.pytorch as L

FLAG = None


class Small(L.LightningModule):
    """A network of one's own, which hangs once if there is a flag to take away."""

    def __init__(self, lr: float = 0.1):
        super().__init__()
        self.save_hyperparameters()
        self.network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def training_step(self, batch, index):
        self._hang()
        loss = nn.functional.cross_entropy(self.network(batch[0]), batch[1])
        self.log("train/loss", loss)
        return loss

    def _hang(self):
        if FLAG and self.current_epoch == 1:
            try:
                Path(FLAG).unlink()
            except FileNotFoundError:
                return
            while True:
                time.sleep(1)

    def validation_step(self, batch, index):
        right = (self.network(batch[0]).argmax(1) == batch[1]).float().mean()
        self.log("val/accuracy", right)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
'''
CHANGED = MODULE.replace("nn.Linear(64, 10)", "nn.Linear(64, 10, bias=True)")


def searched(place: Place, *, hangs: bool = False) -> None:
    """Let the place's sweep search this network, from a module in a folder of its own."""
    folder = place.home / "own"
    folder.mkdir()
    flag = folder / "flag"
    if hangs:
        flag.touch()
    write(place, MODULE.replace("FLAG = None", f"FLAG = {str(flag)!r}") if hangs else MODULE)
    place.importing = folder
    learning: dict[str, Any] = {"lr": {"low": 0.001, "high": 0.5, "log": True}}
    place.spec |= {"architecture": {"module": "small_network:Small", **learning}}
    place.spec.pop("optimizer")


def write(place: Place, text: str) -> None:
    """The module's text from now on."""
    (place.home / "own" / "small_network.py").write_text(text)
