"""What every architecture for images keeps, from 8 x 8 digits to photographs."""

import pytest
import torch
from torch.nn import functional as F

from search_spaces.activations import ACTIVATIONS
from search_spaces.datasets.digits import Digits
from search_spaces.plugins import find
from search_spaces.shape import Shape

NAMES = ["alexnet", "convnet", "densenet", "lenet", "mlp", "resnet", "vgg", "vit"]
VARIANTS = [
    ("alexnet", {"width": 0.25}),
    ("convnet", {}),
    ("convnet", {"norm": "none", "skip": True}),
    ("convnet", {"skip": True, "kernel": 5}),
    ("densenet", {}),
    ("densenet", {"depth": 40, "dropout": 0.2}),
    ("lenet", {}),
    ("lenet", {"pool": "max", "activation": "relu"}),
    ("mlp", {}),
    ("mlp", {"norm": "batch", "skip": True}),
    ("mlp", {"norm": "layer", "hidden": "32-32-16"}),
    ("resnet", {"depth": 8}),
    ("resnet", {"depth": 20, "dropout": 0.2}),
    ("resnet", {"depth": 18, "width": 0.125}),
    ("resnet", {"depth": 50, "width": 0.125}),
    ("vgg", {"width": 0.125}),
    ("vgg", {"width": 0.125, "depth": 13, "norm": "none", "dropout": 0.0}),
    ("vit", {"patch": 2, "depth": 2}),
    ("vit", {"width": 32, "heads": 2, "expansion": 2}),
]
PHOTOGRAPHS = [
    ("alexnet", {"stem": "imagenet"}),
    ("densenet", {"depth": 121, "growth": 32, "stem": "imagenet"}),
    ("resnet", {"depth": 50, "stem": "imagenet"}),
    ("vgg", {"head": "imagenet"}),
    ("vit", {"size": "base", "patch": 16}),
]

variants = pytest.mark.parametrize(("name", "settings"), VARIANTS)


@pytest.fixture(autouse=True)
def one_seed():
    torch.manual_seed(0)


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def built(name, settings, inputs, outputs=10):
    return find("search_spaces.architectures", name)(**settings).build(Shape(inputs), outputs)


@variants
@pytest.mark.parametrize("inputs", [(1, 8, 8), (1, 28, 28), (3, 32, 32)])
def test_an_image_gives_one_number_an_output(name, settings, inputs):
    network = built(name, settings, inputs, outputs=7)
    assert network(torch.randn(2, *inputs)).shape == (2, 7)


@pytest.mark.parametrize(("name", "settings"), [*((name, {}) for name in NAMES), *PHOTOGRAPHS])
def test_a_photograph_gives_one_number_an_output(name, settings):
    with torch.device("meta"):
        network = built(name, settings, (3, 224, 224), outputs=1000)
        assert network(torch.empty(2, 3, 224, 224)).shape == (2, 1000)


@pytest.mark.parametrize("name", NAMES)
def test_images_need_not_be_square(name):
    assert built(name, {}, (2, 8, 12))(torch.randn(2, 2, 8, 12)).shape == (2, 10)


@variants
def test_gradients_reach_every_weight(name, settings):
    network = built(name, settings, (1, 8, 8))
    F.cross_entropy(network(torch.randn(16, 1, 8, 8)), torch.arange(16) % 10).backward()
    untouched = [key for key, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert untouched == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["default", "kaiming", "xavier", "orthogonal"])
def test_every_initialisation_gives_finite_outputs_that_differ_between_samples(name, how):
    outputs = built(name, {"init": how}, (1, 8, 8)).eval()(torch.randn(4, 1, 8, 8))
    assert outputs.isfinite().all()
    assert outputs.std(0).min() > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("between", ACTIVATIONS)
def test_every_activation_stands_in_the_network(name, between):
    network = built(name, {"activation": between}, (1, 8, 8))
    assert any(isinstance(layer, ACTIVATIONS[between]) for layer in network.modules())


@pytest.mark.slow
@variants
def test_64_digits_are_learnt_by_heart(name, settings, one_thread):
    part = Digits().build().train
    x, y = part.x[:64], part.y[:64]
    network = built(name, settings | ({} if name == "lenet" else {"dropout": 0.0}), (1, 8, 8))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3 if name in ("vit", "vgg") else 3e-3, fused=True)
    assert any(learns(network, optimizer, x, y) for _ in range(100))


def learns(network, optimizer, x, y):
    """A few steps, then: is every label right?"""
    network.train()
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(network(x), y).backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        return bool((network(x).argmax(1) == y).all())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_weights(name):
    first = built(name, {}, (1, 8, 8)).state_dict()
    torch.manual_seed(0)
    second = built(name, {}, (1, 8, 8)).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize(
    ("name", "settings", "inputs", "message"),
    [
        (
            "alexnet",
            {"stem": "imagenet"},
            (3, 62, 80),
            "alexnet with stem=imagenet needs images of at least 63 x 63 pixels, got 62 x 80; set stem to small",
        ),
        (
            "vgg",
            {"head": "imagenet"},
            (3, 31, 31),
            "vgg with head=imagenet needs images of at least 32 x 32 pixels, got 31 x 31; set head to small",
        ),
        (
            "densenet",
            {},
            (1, 3, 3),
            "densenet with depth=22 and stem=small needs images of at least 4 x 4 pixels, got 3 x 3; "
            "enlarge the images, or take another architecture",
        ),
        (
            "densenet",
            {"depth": 121, "stem": "imagenet"},
            (3, 28, 28),
            "densenet with depth=121 and stem=imagenet needs images of at least 29 x 29 pixels, got 28 x 28; "
            "set stem to small",
        ),
        (
            "vit",
            {"patch": 8},
            (1, 28, 28),
            "patch must divide both sides of the image, got patch=8 for 28 x 28 pixels; "
            "set patch to one of 1, 2, 4, 7, 14, 28",
        ),
        (
            "vit",
            {"width": 30, "heads": 4},
            (1, 8, 8),
            "width must be a multiple of heads, got width=30 and heads=4; set width to 32",
        ),
        (
            "convnet",
            {"kernel": 4, "skip": True},
            (1, 8, 8),
            "skip needs an odd kernel, got kernel=4; set kernel to 5",
        ),
    ],
)
def test_a_wrong_size_is_refused_in_one_line(name, settings, inputs, message):
    with pytest.raises(ValueError) as refused:
        built(name, settings, inputs)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("name", "settings", "side"),
    [
        ("alexnet", {"stem": "imagenet", "width": 0.1}, 63),
        ("vgg", {"head": "imagenet", "width": 0.1}, 32),
        ("densenet", {}, 4),
        ("densenet", {"depth": 121, "growth": 2}, 8),
        ("densenet", {"depth": 121, "growth": 2, "stem": "imagenet"}, 29),
    ],
)
def test_the_smallest_size_named_is_taken(name, settings, side):
    assert built(name, settings, (1, side, side))(torch.randn(2, 1, side, side)).shape == (2, 10)
