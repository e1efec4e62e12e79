"""scikit-learn's digits."""

from __future__ import annotations

from typing import ClassVar

import torch

from search_spaces.data import Data, Part
from search_spaces.datasets._some_classes import SomeClasses
from search_spaces.datasets._split_at_random import SplitAtRandom
from search_spaces.preparations.images import Images
from search_spaces.splits import stratified


class Digits(SomeClasses, SplitAtRandom):
    """1,797 handwritten digits of 8 x 8 pixels, ten classes; ships with scikit-learn, nothing to download."""

    all_classes: ClassVar[tuple[str, ...]] = tuple(str(digit) for digit in range(10))

    def build(self) -> Data:
        """Split by class, then normalise with the mean and deviation of the training part."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
        y = torch.tensor(digits.target, dtype=torch.long)
        members = self.members(y)
        x, y = x[members], self.relabelled(y[members])
        train, *others = stratified(y, self.validation, self.test, self.split_seed)
        parts = (self.thinned(y, train, self.split_seed), *others)
        sample = x[parts[0]]
        mean, deviation = sample.mean().item(), sample.std().clamp_min(1e-8).item()
        preparation = Images(size=(1, 8, 8), white=16, divisor=1, means=(mean,), deviations=(deviation,))
        x = preparation.encode(x)
        found = [Part(x[part], y[part]) for part in parts]
        return Data(found[0], found[1], found[2], "classification", self.taken, preparation=preparation)
