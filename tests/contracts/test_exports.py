"""Every network that learns targets can leave as ONNX or pt2: the file gives what it gives, in batches of any size."""

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from search_spaces import plugins
from search_spaces.choice import Architecture
from search_spaces.dimensions import Between
from search_spaces.shape import Kind, Shape
from tuner.export_formats import BATCHES, difference, to_onnx, to_pt2

pytest.importorskip("onnxscript", reason="sweepforge[export] is not installed")
pytest.importorskip("onnxruntime", reason="sweepforge[export] is not installed")

FOLDER = "search_spaces.architectures"
SHAPES = {
    "vector": Shape((6,)),
    "text": Shape((5,), "text", vocabulary=30),
    "series": Shape((5, 2)),
}


def kinds() -> list[tuple[str, Kind]]:
    """Every architecture that learns targets with each kind of samples; other libraries' have tests of their own."""
    found = [(name, cast(Any, plugins.find(FOLDER, name))) for name in plugins.names(FOLDER) if name != "pretrained"]
    return [(name, fit) for name, kind in found if kind.learning == "supervised" for fit in kind.fits]


QUICK = {"mlp", "convnet"}
ALL = [
    pytest.param(name, fit, marks=() if name in QUICK else pytest.mark.slow, id=f"{name}-{fit}")
    for name, fit in kinds()
]


def made(name: str, fit: Kind) -> tuple[nn.Module, Tensor]:
    """A small network, its numbers at the low ends of their ranges and its options at their defaults; 7 samples."""
    kind = cast(type[Architecture], plugins.find(FOLDER, name))
    ranges = {field: range_ for field, range_ in kind.dimensions().items() if isinstance(range_, Between)}
    choice, generator = (
        kind(**{field: low.grid(2)[0] for field, low in ranges.items()}),
        torch.Generator().manual_seed(0),
    )
    for side in (8, 16, 32, 64):
        inputs = Shape((3, side, side)) if fit == "image" else SHAPES[fit]
        try:
            network = choice.build(inputs, 4).eval()
            break
        except ValueError as error:
            assert "images of at least" in str(error)
    size = (max(BATCHES), *inputs)
    if fit == "text":
        lengths = torch.tensor([5, 3, 1, 5, 2, 4, 5])  # shorter texts are filled up at the end
        words = torch.randint(1, inputs.vocabulary or 2, size, generator=generator)
        return network, words.masked_fill(torch.arange(5) >= lengths[:, None], 0)
    return network, torch.randn(size, generator=generator)


@pytest.fixture(autouse=True)
def drawn_alike() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("name", "fit"), ALL)
def test_onnx_and_pt2_give_what_the_network_gives(name: str, fit: Kind, tmp_path: Path) -> None:
    network, samples = made(name, fit)
    onnx = to_onnx(network, samples[:2], tmp_path / "m.onnx")
    pt2 = to_pt2(network, samples[:2], tmp_path / "m.pt2")

    assert difference(network, onnx, samples) < 1e-4
    assert difference(network, pt2, samples) < 1e-6
    # a file that always gave the same would do as well, if all samples were alike
    assert name == "linear" or onnx(samples).std(0).max() > 1e-4


def test_a_difference_is_found_whatever_the_size_of_the_batch() -> None:
    network, samples = made("mlp", "vector")
    worse = lambda x: network(x) + 0.01 * (len(x) == 7)  # noqa: E731
    assert difference(network, worse, samples) == pytest.approx(0.01, rel=1e-3)
    assert difference(network, lambda x: network(x)[:1], samples) == float("inf")
