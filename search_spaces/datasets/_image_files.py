"""Images with labels from files: .npz archives and IDX."""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")


class Images(NamedTuple):
    """Images with their labels.

    Attributes:
        x: [samples, channels, height, width], whole numbers from 0 to 255.
        y: Labels, [samples].
    """

    x: Tensor
    y: Tensor

    def of(self, chosen: Tensor) -> Images:
        """Some of them, by index."""
        return Images(self.x[chosen], self.y[chosen])


def npz(file: Path) -> tuple[Images, Images]:
    """The official training and test set in a .npz archive with the keys x_train, y_train, x_test and y_test."""
    try:
        with file.open("rb") as stream, np.load(stream) as archive:
            x_train, y_train, x_test, y_test = (archive[key] for key in NPZ_KEYS)
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        keys = ", ".join(NPZ_KEYS)
        raise ValueError(f"{file} must be a .npz archive with the arrays {keys}: {error}") from error
    return images(file, x_train, y_train), images(file, x_test, y_test)


def images(source: Path, x: NDArray[np.uint8], y: NDArray[np.integer]) -> Images:
    """Arrays as images with labels; grey images come without an axis for channels, others with it at the end."""
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or len(x) != y.size or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"{source} must hold images of 8-bit numbers, [samples, height, width] or [samples, height, width, "
            f"channels], and a whole number for each: got {x.dtype} {list(x.shape)} and {y.dtype} {list(y.shape)}"
        )
    pixels = torch.from_numpy(x)
    pixels = pixels.unsqueeze(1) if x.ndim == 3 else pixels.movedim(3, 1).contiguous()
    return Images(pixels, torch.from_numpy(y.astype(np.int64).reshape(-1)))


def idx(file: Path) -> NDArray[np.uint8]:
    """The array of 8-bit numbers in an IDX file, compressed (.gz) or not."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read()
        zeros, kind, axes = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{axes}I", content, 4)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise ValueError(f"{file} cannot be read as an IDX file ({error}); get it again") from error
    found = len(content) - 4 - 4 * axes
    if (zeros, kind) != (0, 8) or found != math.prod(shape):
        raise ValueError(f"{file} must be an IDX file of 8-bit numbers, whole; it has {found} bytes for {list(shape)}")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()
