"""Networks of the papers have as many weights as published; counted on the meta device, which allocates nothing."""

import pytest
import torch

from search_spaces.plugins import find
from search_spaces.shape import Shape

PHOTOGRAPHS = Shape((3, 224, 224)), 1000
SMALL = Shape((3, 32, 32)), 10
DIGITS = Shape((1, 28, 28)), 10


def weights(name, inputs, outputs, settings):
    with torch.device("meta"):
        network = find("search_spaces.architectures", name)(**settings).build(inputs, outputs)
    return sum(parameter.numel() for parameter in network.parameters())


def test_784_128_64_10():
    assert weights("mlp", *DIGITS, {"hidden": "128-64"}) == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10 == 109_386


@pytest.mark.parametrize("side", [8, 28, 32, 64])
def test_lenet_5(side):
    # 156 + 2,416 in the convolutions, 48,120 + 10,164 + 850 in the layers.
    assert weights("lenet", Shape((1, side, side)), 10, {}) == 61_706


def test_alexnet():
    # torchvision's alexnet: the one tower of "One weird trick".
    assert weights("alexnet", *PHOTOGRAPHS, {"stem": "imagenet", "width": 1}) == 61_100_840


# torchvision's vgg11, vgg13, vgg16 and vgg19.
@pytest.mark.parametrize(
    ("depth", "expected"), [(11, 132_863_336), (13, 133_047_848), (16, 138_357_544), (19, 143_667_240)]
)
def test_vgg(depth, expected):
    settings = {"depth": depth, "head": "imagenet", "width": 1, "norm": "none"}
    assert weights("vgg", *PHOTOGRAPHS, settings) == expected


# torchvision's resnet18 to resnet152.
@pytest.mark.parametrize(
    ("depth", "expected"),
    [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808)],
)
def test_resnet_for_photographs(depth, expected):
    assert weights("resnet", *PHOTOGRAPHS, {"depth": depth, "stem": "imagenet"}) == expected


# Table 6 of the paper rounds to 0.27, 0.46, 0.66, 0.85 and 1.7 million, with shortcuts of kind A. By hand for 20
# layers: 464 in the stem, 14,016 + 51,072 + 203,520 in the stages, 650 in the head.
@pytest.mark.parametrize(
    ("depth", "expected"), [(20, 269_722), (32, 464_154), (44, 658_586), (56, 853_018), (110, 1_727_962)]
)
def test_resnet_for_small_images(depth, expected):
    assert weights("resnet", *SMALL, {"depth": depth}) == expected


# torchvision's densenet121 to densenet201.
@pytest.mark.parametrize(
    ("depth", "growth", "expected"),
    [(121, 32, 7_978_856), (161, 48, 28_681_000), (169, 32, 14_149_480), (201, 32, 20_013_928)],
)
def test_densenet_for_photographs(depth, growth, expected):
    assert weights("densenet", *PHOTOGRAPHS, {"depth": depth, "growth": growth, "stem": "imagenet"}) == expected


# Table 2 of the paper, in millions: DenseNet-BC on CIFAR-10.
@pytest.mark.parametrize(("depth", "growth", "expected"), [(100, 12, 0.8), (250, 24, 15.3), (190, 40, 25.6)])
def test_densenet_for_small_images(depth, growth, expected):
    assert round(weights("densenet", *SMALL, {"depth": depth, "growth": growth}) / 1e6, 1) == expected


# torchvision's vit_b_16, vit_b_32 and vit_l_16; DeiT-Ti and DeiT-S (without distillation) have 5.7 and 22.1 million.
@pytest.mark.parametrize(
    ("size", "patch", "expected"),
    [
        ("tiny", 16, 5_717_416),
        ("small", 16, 22_050_664),
        ("base", 16, 86_567_656),
        ("base", 32, 88_224_232),
        ("large", 16, 304_326_632),
    ],
)
def test_vit(size, patch, expected):
    assert weights("vit", *PHOTOGRAPHS, {"size": size, "patch": patch}) == expected
