"""Fashion-MNIST."""

from __future__ import annotations

from typing import ClassVar

from search_spaces.datasets._mnist_like import MnistLike


class FashionMnist(MnistLike):
    """70,000 pictures of clothes of 28 x 28 pixels, ten classes (Xiao et al., 2017): as small as MNIST, but harder."""

    all_classes: ClassVar[tuple[str, ...]] = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    url: ClassVar[str] = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
    digests: ClassVar[tuple[str, str, str, str]] = (
        "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "md5:25c81989df183df01b3e8a0aad5dffbe",
        "md5:bef4ecab320f06d8554ea6380940ec79",
        "md5:bb300cfdad3c16e7a12a480ee83cd310",
    )
