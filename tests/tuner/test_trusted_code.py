"""A model whose network is a module of its user's own: refused as it is, used when its code is trusted."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tuner import Sweep
from tuner.exporting import export
from tuner.home import Home
from tuner.loaded import loaded
from tuner.prediction import predict
from tuner.restoring import ForeignCodeError

pytestmark = pytest.mark.slow

OWN = """
import lightning.pytorch as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Line(L.LightningModule):
    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 2))

    def forward(self, x):
        return self.layers(x)

    def training_step(self, batch, batch_idx):
        return self(batch[0]).square().mean()

    def validation_step(self, batch, batch_idx):
        self.log("val/loss", self(batch[0]).square().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

class Points(L.LightningDataModule):
    def __init__(self, batch: int = 4) -> None:
        super().__init__()
        self.batch = batch

    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 3)), self.batch)

    val_dataloader = train_dataloader
"""
SPEC = {
    "name": "own",
    "dataset": {"module": "trusted_line:Points", "batch": [2, 4]},
    "architecture": {"module": "trusted_line:Line"},
    "objective": {"metric": "val/loss", "mode": "min"},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 1, "epochs": 1},
}


@pytest.fixture
def inputs(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Inputs for the champion of the model `line`, whose data cannot be read any more."""
    (tmp_path / "trusted_line.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    Sweep(SPEC, home=home).run(runner="inline").promote("line@champion", force="a test")
    monkeypatch.delattr("trusted_line.Points.train_dataloader")
    np.save(tmp_path / "x.npy", np.arange(12.0).reshape(4, 3))
    yield tmp_path / "x.npy"
    del sys.modules["trusted_line"]


def test_it_is_refused_unless_trusted_and_then_predicts_and_is_exported(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(ForeignCodeError, match=r"by import path \(trusted_line:\w+\).*--trust-code"):
        predict("line", inputs, out)
    assert not out.exists()

    assert predict("line", inputs, out, trust_code=True).samples == 4
    said = torch.tensor(pd.read_csv(out)[["output_1", "output_2"]].to_numpy())
    with loaded("line", Home.at(), trust_code=True) as model, torch.no_grad():
        torch.testing.assert_close(said, model.network(torch.from_numpy(np.load(inputs)).float()).double())

    [written] = export("line", {"pt2": tmp_path / "m.pt2"}, trust_code=True)
    assert written.difference < 1e-6
