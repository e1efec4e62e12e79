"""MNIST."""

from __future__ import annotations

from typing import ClassVar

from search_spaces.datasets._mnist_like import MnistLike


class Mnist(MnistLike):
    """70,000 handwritten digits of 28 x 28 pixels, ten classes (LeCun et al., 1998)."""

    all_classes: ClassVar[tuple[str, ...]] = tuple(str(digit) for digit in range(10))
    url: ClassVar[str] = "https://ossci-datasets.s3.amazonaws.com/mnist"
    digests: ClassVar[tuple[str, str, str, str]] = (
        "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "md5:9fb629c4189551a2d022fa330f9573f3",
        "md5:ec29112dd5afa0611ce80d1b7f02629c",
    )
