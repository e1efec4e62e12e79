"""Images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from search_spaces.datasets._image_files import SUFFIXES, fitted, read_image
from search_spaces.files import existing
from search_spaces.preparation import Preparation, Samples, array_of, pieces


class Images(Preparation):
    """An image, a folder of images (.png, .jpg), or an array of them: each channel shifted and scaled."""

    size: tuple[int, int, int]
    """Channels, height and width."""
    white: int = 255
    """The brightest a pixel can be in the source."""
    divisor: int = 255
    """By what pixels are divided first."""
    means: tuple[float, ...]
    """What is then taken from each channel; one for all of them, or one each."""
    deviations: tuple[float, ...]
    """By what each channel is then divided, likewise."""
    fitted: bool = False
    """Whether images of any size are scaled and cut to this one; others are refused if not."""

    def encode(self, raw: Any) -> Tensor:
        """Images, [samples, channels, height, width], from 0 to `white`, as numbers for the network."""
        pixels = torch.as_tensor(raw)
        scaled = (pixels.float() if pixels.is_floating_point() else pixels) / self.divisor
        return scaled.sub_(_by_channel(self.means)).div_(_by_channel(self.deviations))

    def read(self, source: Path, at_once: int) -> Iterator[Samples]:
        """Image by image, named by their files, folders inside the folder too; an array's by their numbers."""
        if existing(source, "the data").is_dir():
            files = sorted(it for it in source.rglob("*") if it.suffix.lower() in SUFFIXES)
            if not files:
                raise ValueError(f"holds no images ({', '.join(SUFFIXES)})")
            yield from self._files(files, source, at_once)
        elif source.suffix.lower() in SUFFIXES:
            yield from self._files([source], source.parent, at_once)
        else:
            array = array_of(source, f"an image ({', '.join(SUFFIXES)}), a folder of them, .npy or .npz")
            yield from pieces(self._ordered(array), at_once)

    def _files(self, files: list[Path], folder: Path, at_once: int) -> Iterator[Samples]:
        for start in range(0, len(files), at_once):
            some = files[start : start + at_once]
            raw = torch.stack([self._pixels(file) for file in some])
            yield Samples([str(file.relative_to(folder)) for file in some], raw)

    def _pixels(self, file: Path) -> Tensor:
        channels, height, width = self.size
        pixels = read_image(file, "rgb" if channels == 3 else "grey")
        if self.fitted:
            return fitted(pixels, height)
        if tuple(pixels.shape[1:]) != (height, width):
            found = f"{pixels.shape[1]} x {pixels.shape[2]}"
            raise ValueError(f"{file.name} must be of {height} x {width} pixels (height x width), got {found}")
        return pixels if self.white == 255 else pixels * (self.white / 255)

    def _ordered(self, array: Any) -> Any:
        """[samples, channels, height, width] of an array that may have its channels last, or none if there is one."""
        channels, height, width = self.size
        if array.min(initial=0) < 0 or array.max(initial=0) > self.white:
            found = f"{array.min():g} to {array.max():g}"
            raise ValueError(f"must hold pixels from 0, black, to {self.white}, white, got {found}")
        if array.shape[1:] == self.size:
            return array
        if array.shape[1:] == (height, width, channels):
            return array.transpose(0, 3, 1, 2)
        if channels == 1 and array.shape[1:] == (height, width):
            return array[:, None]
        raise ValueError(
            f"must hold images of {channels} x {height} x {width} (channels x height x width), got {list(array.shape)}"
        )


def _by_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
