import pytest
import torch
from torch import nn

from search_spaces.architectures.resnet import Resnet, Thinned
from search_spaces.layers.residual import Residual
from search_spaces.shape import Shape

DEPTHS = [8, 14, 20, 32, 44, 56, 110, 18, 34, 50, 101, 152]


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_depth_counts_the_layers_with_weights_shortcuts_aside(depth):
    with torch.device("meta"):
        network = Resnet(depth=depth).build(Shape((3, 32, 32)), 10)
    layers = [
        key
        for key, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear) and ".shortcut." not in key
    ]
    assert len(layers) == depth


def test_a_shortcut_without_weights_skips_pixels_and_adds_empty_channels():
    x = torch.randn(2, 3, 4, 4)
    thinned = Thinned(extra=2, stride=2)(x)
    assert torch.equal(thinned[:, :3], x[:, :, ::2, ::2])
    assert torch.equal(thinned[:, 3:], torch.zeros(2, 2, 2, 2))


@pytest.mark.parametrize(("depth", "sides"), [(20, [32, 16, 8]), (18, [32, 16, 8, 4])])
def test_every_stage_but_the_first_halves_the_sides(depth, sides):
    x, seen = torch.randn(2, 3, 32, 32), []
    for layer in Resnet(depth=depth, width=0.1).build(Shape((3, 32, 32)), 10):
        x = layer(x)
        if isinstance(layer, Residual):
            seen.append(x.shape[-1])
    assert list(dict.fromkeys(seen)) == sides


def test_the_stem_for_photographs_leaves_a_quarter_of_each_side():
    network = Resnet(depth=18, stem="imagenet", width=0.1).build(Shape((3, 64, 64)), 10)
    assert network[:4](torch.randn(1, 3, 64, 64)).shape[-2:] == (16, 16)
