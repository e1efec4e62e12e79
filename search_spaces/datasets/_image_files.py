"""Images from files: .npz archives and IDX with their labels, and single pictures."""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional as F

SUFFIXES = (".png", ".jpg", ".jpeg")
"""Of pictures."""
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


def read_image(file: Path, colours: Literal["rgb", "grey"]) -> Tensor:
    """The pixels of an image file, turned as its camera says, [channels, height, width], whole numbers up to 255."""
    try:
        with Image.open(file) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB" if colours == "rgb" else "L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file} cannot be read as an image ({error}); repair it or take it out") from error
    pixels = torch.from_numpy(np.array(upright))
    return pixels.movedim(2, 0) if pixels.dim() == 3 else pixels.unsqueeze(0)


def fitted(pixels: Tensor, size: int) -> Tensor:
    """The middle of an image, [channels, size, size], its shorter side scaled to `size`."""
    shorter = min(pixels.shape[1:])
    height, width = (max(size, round(side * size / shorter)) for side in pixels.shape[1:])
    scaled = F.interpolate(pixels.unsqueeze(0).float(), (height, width), mode="bilinear", antialias=True)[0]
    top, left = (height - size) // 2, (width - size) // 2
    return scaled[:, top : top + size, left : left + size].round().clamp(0, 255).to(torch.uint8)
