import torch

from search_spaces.architectures.lenet import Lenet
from search_spaces.architectures.linear import Linear
from search_spaces.architectures.mlp import Mlp
from search_spaces.blocks import blocks_of, head_of
from search_spaces.shape import Shape

IMAGE = Shape((1, 8, 8))


def test_the_head_is_what_changes_its_shape_with_the_number_of_outputs():
    network = Lenet()
    assert head_of(network, IMAGE, 5) == {"12.weight", "12.bias"}


def test_a_forecast_by_two_layers_has_two_of_them_in_its_head():
    series = Shape((24, 3))
    found = head_of(Linear(decomposition=True), series, 6)
    assert found == {"rest.weight", "rest.bias", "trend.weight", "trend.bias"}


def test_a_norm_belongs_to_the_layer_before_it_and_the_head_comes_first():
    choice = Mlp(width=4, depth=2, norm="batch")
    network = choice.build(IMAGE, 5)
    # Flatten, (Linear, BatchNorm1d, activation, Dropout) twice, Linear
    names = [list(block.modules) for block in blocks_of(network, head_of(choice, IMAGE, 5))]
    assert names == [["9"], ["5", "6"], ["1", "2"]]


def test_its_norms_are_what_keeps_statistics():
    choice = Mlp(width=4, depth=1, norm="batch")
    head, body = blocks_of(choice.build(IMAGE, 5), head_of(choice, IMAGE, 5))
    assert head.norms == []
    assert [type(norm).__name__ for norm in body.norms] == ["BatchNorm1d"]


def test_looking_for_the_head_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    head_of(Mlp(init="orthogonal"), IMAGE, 5)
    assert torch.equal(before, torch.get_rng_state())
