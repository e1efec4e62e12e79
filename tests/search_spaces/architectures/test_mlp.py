import math

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from search_spaces.architectures.mlp import Mlp
from search_spaces.layers.residual import Residual
from search_spaces.shape import Shape
from search_spaces.space import Space

IMAGE = Shape((1, 28, 28))


def kinds(network):
    return [type(layer) for layer in network]


def widths(network):
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    return [layers[0].in_features, *(layer.out_features for layer in layers)]


def test_without_options_it_is_the_plain_network():
    layer = [nn.Linear, nn.ReLU, nn.Dropout]
    assert kinds(Mlp().build(IMAGE, 10)) == [nn.Flatten, *layer, *layer, nn.Linear]


def test_plain_weights_are_torchs_own():
    torch.manual_seed(0)
    ours = Mlp(width=8, depth=1).build(Shape((4,)), 2)
    torch.manual_seed(0)
    first, last = nn.Linear(4, 8), nn.Linear(8, 2)
    assert torch.equal(ours[1].weight, first.weight)
    assert torch.equal(ours[4].weight, last.weight)


@pytest.mark.parametrize("given", ["128-64", [128, 64], (128, 64)])
def test_hidden_widths_stand_for_width_and_depth(given):
    mlp = Mlp(hidden=given, width=7, depth=9)
    assert mlp.hidden == "128-64"
    assert widths(mlp.build(IMAGE, 10)) == [784, 128, 64, 10]


def test_a_single_hidden_width_may_be_a_number():
    assert widths(Mlp(hidden=128).build(IMAGE, 10)) == [784, 128, 10]


@pytest.mark.parametrize("given", ["", "128-", "0-64", [128, -1], [], "wide", 1.5])
def test_hidden_widths_that_are_none_are_refused(given):
    with pytest.raises(ValidationError):
        Mlp(hidden=given)


def test_a_spec_searches_among_hidden_widths_and_trials_keep_them_as_text():
    space = Space.read({"architecture": {"mlp": {"hidden": ["128-64", "256-128-64"], "norm": "batch"}}})
    assert {"architecture.mlp.hidden": "256-128-64"}.items() <= next(
        point for point in space.grid(2) if point["architecture.mlp.hidden"] == "256-128-64"
    ).items()
    assert Mlp(hidden="128-64").describe()["hidden"] == "128-64"


@pytest.mark.parametrize(("norm", "expected"), [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm)])
def test_a_norm_comes_before_every_activation(norm, expected):
    layer = [nn.Linear, expected, nn.ReLU, nn.Dropout]
    assert kinds(Mlp(norm=norm).build(IMAGE, 10)) == [nn.Flatten, *layer, *layer, nn.Linear]


def test_skips_join_equal_widths_only():
    network = Mlp(hidden="32-32-16-16", skip=True).build(IMAGE, 10)
    assert [layer.branch[0].out_features for layer in network if isinstance(layer, Residual)] == [32, 16]


def test_a_skip_adds_the_input():
    network = Mlp(hidden="4", skip=True, dropout=0.0).build(Shape((4,)), 2)
    x = torch.randn(3, 4)
    assert torch.equal(network[1](x), network[1].branch(x) + x)


def test_orthogonal_weights_keep_lengths():
    weight = Mlp(hidden="64", init="orthogonal").build(Shape((64,)), 2)[1].weight
    assert torch.allclose(weight @ weight.T, torch.eye(64), atol=1e-5)


def test_kaiming_and_xavier_weights_have_the_variance_of_their_papers():
    torch.manual_seed(0)
    deviation = {
        how: Mlp(hidden="1000", init=how).build(Shape((500,)), 2)[1].weight.std().item()
        for how in ("kaiming", "xavier")
    }
    # He et al. (2015), equation 10: 2 / inputs; Glorot and Bengio (2010), equation 12: 2 / (inputs + outputs).
    assert deviation["kaiming"] == pytest.approx(math.sqrt(2 / 500), rel=0.01)
    assert deviation["xavier"] == pytest.approx(math.sqrt(2 / 1500), rel=0.01)
