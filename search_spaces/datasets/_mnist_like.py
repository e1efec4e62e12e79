"""What MNIST and the data sets in its format have in common."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from search_spaces.datasets._image_files import Images, idx, images, npz
from search_spaces.datasets._image_sets import ImageSet, drawn
from search_spaces.files import LocalPath, cache, download, existing

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


class MnistLike(ImageSet):
    """70,000 grey images of 28 x 28 pixels, the last 10,000 of them the official test set."""

    url: ClassVar[str]
    """Where the four files are."""
    digests: ClassVar[tuple[str, str, str, str]]
    """What the four files must be, as their authors publish it."""

    file: LocalPath | None = None
    """Your own copy, a .npz file or the folder of the four IDX files; downloaded, checked and kept if there is none."""

    def read(self) -> tuple[Images, Images]:
        """The official training set and the official test set."""
        if self.file and existing(self.file, f"the {self.key()} data").is_file():
            return npz(self.file)
        source = self.file or cache() / self.key()
        arrays = [idx(file) for file in (self._own(source) if self.file else self._fetched(source))]
        return images(source, arrays[0], arrays[1]), images(source, arrays[2], arrays[3])

    def _fetched(self, folder: Path) -> list[Path]:
        return [download(f"{self.url}/{name}", it, folder) for name, it in zip(FILES, self.digests, strict=True)]

    def _own(self, folder: Path) -> list[Path]:
        plain = [folder / name.removesuffix(".gz") for name in FILES]
        return [
            it if it.exists() else existing(folder / name, f"a file of {self.key()}")
            for it, name in zip(plain, FILES, strict=True)
        ]

    @classmethod
    def example(cls, folder: Path) -> Self:
        """120 made-up images."""
        (x_train, y_train), (x_test, y_test) = drawn(10, 10, (28, 28), 0), drawn(10, 2, (28, 28), 1)
        file = folder / f"{cls.key()}.npz"
        np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
        return cls(file=file, validation=0.2)
