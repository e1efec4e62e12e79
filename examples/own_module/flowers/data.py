"""An ordinary Lightning data module."""

import lightning.pytorch as L
import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


class Irises(L.LightningDataModule):
    """150 irises of three kinds; ships with scikit-learn."""

    def __init__(self, batch_size: int = 16) -> None:
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage: str | None = None) -> None:
        """Split by kind: 90 to train, 30 to validate, 30 to test."""
        x, y = load_iris(return_X_y=True)
        x, rest_x, y, rest_y = train_test_split(x, y, test_size=60, stratify=y, random_state=0)
        val_x, test_x, val_y, test_y = train_test_split(rest_x, rest_y, test_size=30, stratify=rest_y, random_state=0)
        self.train, self.val, self.test = (
            TensorDataset(torch.tensor(a, dtype=torch.float32), torch.tensor(b))
            for a, b in ((x, y), (val_x, val_y), (test_x, test_y))
        )

    def train_dataloader(self) -> DataLoader:
        """Shuffled batches."""
        return DataLoader(self.train, self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        """Everything at once."""
        return DataLoader(self.val, len(self.val))

    def test_dataloader(self) -> DataLoader:
        """Everything at once."""
        return DataLoader(self.test, len(self.test))
