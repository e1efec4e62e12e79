"""What data sets of images have in common."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from search_spaces.data import Data, Part
from search_spaces.datasets._image_files import Images
from search_spaces.datasets._some_classes import SomeClasses
from search_spaces.files import LocalPath
from search_spaces.preparations.images import Images as Preparation
from search_spaces.splits import stratified


class ImageSet(SomeClasses):
    """Images with an official training set and an official test set."""

    file: LocalPath | None = None
    """Your own copy; downloaded, checked and kept if there is none."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the official training set that the search is judged on; the official test set is kept for the end."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    """Which random split: the same number gives the same parts."""
    samples: Annotated[int, Field(ge=1)] | None = None
    """How many samples of the official training set to use, each class in its share; all of them if not given."""

    def read(self) -> tuple[Images, Images]:
        """The official training set and the official test set."""
        raise NotImplementedError

    def build(self) -> Data:
        """Cut the validation part out class by class, then normalise each channel by the training part alone."""
        official, test = self.read()
        for labels in (official.y, test.y):
            self._check(labels)
        official, test = (self._of_classes(part) for part in (official, test))
        used = official.of(subset(official.y, self.samples, self.split_seed))
        train, validation, _ = stratified(used.y, self.validation, 0.0, self.split_seed)
        train = self.thinned(used.y, train, self.split_seed)
        return data_of(used.of(train), used.of(validation), test, self.taken)

    def _of_classes(self, part: Images) -> Images:
        chosen = part.of(self.members(part.y)) if self.classes else part
        return Images(chosen.x, self.relabelled(chosen.y))

    def _check(self, labels: Tensor) -> None:
        known = len(self.all_classes)
        if len(strange := labels[(labels < 0) | (labels >= known)]):
            raise ValueError(f"{self.key()} has labels from 0 to {known - 1}, its files hold {int(strange[0])}")


def data_of(train: Images, validation: Images, test: Images, classes: tuple[str, ...], fitted: bool = False) -> Data:
    """The three parts as data for classification, each channel normalised by the training part alone.

    `fitted` says that these images were scaled and cut to one size, as new ones will have to be.
    """
    for name, part in (("training", train), ("validation", validation), ("test", test)):
        if not len(part.y):
            raise ValueError(f"the {name} part would be empty; give it a larger share, or use more samples")
    mean, deviation = channel_statistics(train.x)
    size: Any = tuple(train.x.shape[1:])
    means, deviations = (tuple(it.flatten().tolist()) for it in (mean, deviation))
    preparation = Preparation(size=size, means=means, deviations=deviations, fitted=fitted)
    parts = [Part(preparation.encode(part.x), part.y) for part in (train, validation, test)]
    return Data(parts[0], parts[1], parts[2], "classification", classes, preparation=preparation)


def channel_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel of 8-bit images, taken as 0 to 1, [channels, 1, 1]; 1 if all are the same."""
    counts = torch.stack([torch.bincount(channel.flatten(), minlength=256) for channel in x.movedim(1, 0)])
    shares, values = counts / counts.sum(1, keepdim=True).double(), torch.arange(256, dtype=torch.float64) / 255
    mean = shares @ values
    deviation = (shares * (values - mean.view(-1, 1)) ** 2).sum(1).sqrt()
    deviation[deviation < 1e-6] = 1
    return mean.float().view(-1, 1, 1), deviation.float().view(-1, 1, 1)


def subset(y: Tensor, count: int | None, seed: int) -> Tensor:
    """Indices of that many samples (all if not given), each class in the share it has in all, in order."""
    if count is None:
        return torch.arange(len(y))
    if count > len(y):
        raise ValueError(f"samples must be at most {len(y)}, which is all there are, got {count}")
    generator = torch.Generator().manual_seed(seed)
    place = torch.empty(len(y), dtype=torch.float64)
    for label in y.unique():
        members = (y == label).nonzero().flatten()
        place[members] = (torch.randperm(len(members), generator=generator).double() + 0.5) / len(members)
    return place.argsort(stable=True)[:count].sort().values


def drawn(classes: int, each: int, size: tuple[int, ...], seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Tiny made-up images for examples: noise, brighter for each further class, `each` of a class in turn."""
    labels = np.tile(np.arange(classes, dtype=np.uint8), each)
    noise = np.random.default_rng(seed).integers(0, 60, (len(labels), *size))
    return (noise + 15 * labels.reshape(-1, *[1] * len(size))).astype(np.uint8), labels
