"""Your own images, in a folder for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

import torch
from PIL import Image
from pydantic import Field, model_validator
from torch import Tensor

from search_spaces.choice import Dataset
from search_spaces.data import Data
from search_spaces.datasets._image_files import SUFFIXES, Images, fitted, read_image
from search_spaces.datasets._image_sets import data_of, drawn
from search_spaces.files import LocalPath, existing
from search_spaces.plugins import suggestion
from search_spaces.splits import check_shares, stratified

PARTS = {"training": ("train", "training"), "validation": ("val", "valid", "validation"), "test": ("test",)}
"""What the folder of a part may be called."""


class Listing(NamedTuple):
    """Image files with their labels."""

    files: list[Path]
    labels: Tensor

    def of(self, chosen: Tensor) -> Listing:
        """Some of them, by index."""
        return Listing([self.files[index] for index in chosen], self.labels[chosen])


class ImageFolder(Dataset):
    """Your own images (.png, .jpg), in a folder for each class: `folder/class/image.png`.

    Or in such a folder for each part: `folder/train/class/image.png`, and `val` and `test` beside `train`. A part
    without a folder is cut out of the training images.
    """

    folder: LocalPath
    """Where the folders of the classes, or those of the parts, are."""
    size: Annotated[int, Field(ge=1)] = 64
    """Height and width, in pixels: the shorter side is scaled to it, and the middle is cut out."""
    colours: Literal["rgb", "grey"] = "rgb"
    """Three channels, or one."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the images that the search is judged on, where there is no folder for it."""
    test: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the images that is kept for the end, where there is no folder for it."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    """Which random split: the same number gives the same parts."""

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        check_shares(self.validation, self.test)
        return self

    @classmethod
    def example(cls, folder: Path) -> Self:
        """40 made-up images of two classes."""
        for number, (x, label) in enumerate(zip(*drawn(2, 20, (10, 12, 3), 0), strict=True)):
            target = folder / "images" / ("dark", "light")[label]
            target.mkdir(parents=True, exist_ok=True)
            Image.fromarray(x).save(target / f"{number}.png")
        return cls(folder=folder / "images", size=8)

    def build(self) -> Data:
        """List, split class by class, read, and normalise each channel by the training part alone."""
        given = {part: _part_folder(existing(self.folder, "the folder of images"), part) for part in PARTS}
        if not given["training"] and (others := [folder for folder in given.values() if folder]):
            raise ValueError(
                f"{self.folder} has {others[0].name} but no train; add it, or put the classes side by side"
            )
        source = given["training"] or self.folder
        classes = _classes(source)
        shares = (0.0 if given["validation"] else self.validation, 0.0 if given["test"] else self.test)
        listed = _listed(source, classes)
        cut = [listed.of(rows) for rows in stratified(listed.labels, *shares, self.split_seed)]
        folders = (None, given["validation"], given["test"])
        parts = [_listed(own, classes) if own else rest for own, rest in zip(folders, cut, strict=True)]
        train, validation, test = (self._read(part) for part in parts)
        return data_of(train, validation, test, classes, fitted=True)

    def _read(self, part: Listing) -> Images:
        channels = 3 if self.colours == "rgb" else 1
        x = torch.empty(len(part.files), channels, self.size, self.size, dtype=torch.uint8)
        for index, file in enumerate(part.files):
            x[index] = fitted(read_image(file, self.colours), self.size)
        return Images(x, part.labels)


def _part_folder(folder: Path, part: str) -> Path | None:
    """The folder of a part, if there is one: it holds folders, whereas a class of that name would hold images."""
    return next((folder / name for name in PARTS[part] if (folder / name).is_dir() and _folders(folder / name)), None)


def _folders(folder: Path) -> list[Path]:
    return sorted(it for it in folder.iterdir() if it.is_dir() and not it.name.startswith("."))


def _classes(folder: Path) -> tuple[str, ...]:
    found = tuple(it.name for it in _folders(folder))
    if len(found) < 2:
        raise ValueError(f"{folder} must hold a folder for each of at least 2 classes, it holds {len(found)}")
    return found


def _listed(folder: Path, classes: tuple[str, ...]) -> Listing:
    files: list[Path] = []
    labels: list[int] = []
    for own in _folders(folder):
        if own.name not in classes:
            raise ValueError(f"{own}: no training images are of class {own.name!r}{suggestion(own.name, classes)}")
        images = sorted(it for it in own.iterdir() if it.suffix.lower() in SUFFIXES and not it.name.startswith("."))
        if not images:
            raise ValueError(f"{own} holds no images ({', '.join(SUFFIXES)}); add some, or take the folder out")
        files += images
        labels += [classes.index(own.name)] * len(images)
    return Listing(files, torch.tensor(labels))
