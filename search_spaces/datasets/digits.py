"""scikit-learn's digits."""

from __future__ import annotations

import torch

from search_spaces.data import Data
from search_spaces.datasets._split_at_random import SplitAtRandom
from search_spaces.splits import standardised, stratified


class Digits(SplitAtRandom):
    """1,797 handwritten digits of 8 x 8 pixels, ten classes; ships with scikit-learn, nothing to download."""

    def build(self) -> Data:
        """Split by class, then normalise with the mean and deviation of the training part."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
        y = torch.tensor(digits.target, dtype=torch.long)
        parts = stratified(y, self.validation, self.test, self.split_seed)
        train, validation, test = standardised(x, y, parts)
        return Data(train, validation, test, "classification", tuple(str(label) for label in range(10)))
