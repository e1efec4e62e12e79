"""CIFAR-10."""

from __future__ import annotations

import io
import tarfile
import zlib
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from search_spaces.datasets._image_files import Images, images, npz
from search_spaces.datasets._image_sets import ImageSet, drawn
from search_spaces.files import LocalPath, cache, download, existing

FOLDER = "cifar-10-batches-bin"
TRAINING = tuple(f"{FOLDER}/data_batch_{number}.bin" for number in range(1, 6))
TEST = (f"{FOLDER}/test_batch.bin",)
RECORD = 1 + 3 * 32 * 32
"""Bytes a sample: its label, then its red, green and blue pixels."""


class Cifar10(ImageSet):
    """60,000 colour photographs of 32 x 32 pixels, ten classes (Krizhevsky, 2009)."""

    all_classes: ClassVar[tuple[str, ...]] = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
    url: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    digest: ClassVar[str] = "md5:c32a1d4ab5d03f1284b67883e8d87530"

    file: LocalPath | None = None
    """Your own copy, cifar-10-binary.tar.gz or a .npz file; downloaded, checked and kept if there is none."""

    def read(self) -> tuple[Images, Images]:
        """The official training set and the official test set; nothing is unpacked to disk, nothing unpickled."""
        file = self.file or download(self.url, self.digest, cache() / self.key())
        if existing(file, "the cifar10 data").suffix == ".npz":
            return npz(file)
        try:
            with tarfile.open(file, "r:gz") as archive:
                return _batches(archive, file, TRAINING), _batches(archive, file, TEST)
        except (OSError, EOFError, KeyError, zlib.error, tarfile.TarError) as error:
            raise ValueError(f"{file} must be the binary version, cifar-10-binary.tar.gz, or .npz: {error}") from error

    @classmethod
    def example(cls, folder: Path) -> Self:
        """110 made-up images."""
        file = folder / "cifar-10-binary.tar.gz"
        with tarfile.open(file, "w:gz") as archive:
            for number, name in enumerate((*TRAINING, *TEST)):
                x, y = drawn(10, 2 if number < len(TRAINING) else 1, (3 * 32 * 32,), number)
                content = np.column_stack([y, x]).tobytes()
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return cls(file=file, validation=0.2)


def _batches(archive: tarfile.TarFile, file: Path, names: tuple[str, ...]) -> Images:
    content = b"".join(archive.extractfile(name).read() for name in names)  # type: ignore[union-attr]
    if not content or len(content) % RECORD:
        raise ValueError(f"{file}: {names[0]} must hold records of {RECORD} bytes, got {len(content)} bytes in all")
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return images(file, records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), records[:, 0])
