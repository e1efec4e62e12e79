import torch

from search_spaces.architectures.lenet import Lenet
from search_spaces.shape import Shape


def brought_to_side(x):
    return Lenet().build(Shape(x.shape[1:]), 10)[0](x)


def test_mnist_gets_a_margin_of_two_pixels_on_each_side():
    x = torch.randn(2, 1, 28, 28)
    given = brought_to_side(x)
    assert given.shape == (2, 1, 32, 32)
    assert torch.equal(given[:, :, 2:30, 2:30], x)
    assert given.count_nonzero() == x.count_nonzero()


def test_an_image_of_32_pixels_stays_as_it_is():
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(brought_to_side(x), x)


def test_small_digits_are_enlarged():
    given = brought_to_side(torch.ones(2, 1, 8, 8))
    assert torch.equal(given, torch.ones(2, 1, 32, 32))


def test_large_images_are_averaged():
    x = torch.randn(2, 1, 64, 64)
    assert torch.allclose(brought_to_side(x)[0, 0, 0, 0], x[0, 0, :2, :2].mean())
