"""Networks of other libraries: what is ours with a small body of our own, the rest where the library is installed."""

import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from search_spaces.architectures import pretrained
from search_spaces.architectures.pretrained import Backbone, Pretrained, load, replace_head
from search_spaces.shape import Shape
from tuner import fitting
from tuner.errors import SpecError
from tuner.spec import SweepSpec

COLOUR, GREY = Shape((3, 32, 32)), Shape((1, 8, 8))


def body(classes: int = 7) -> nn.Module:
    layers = [
        ("stem", nn.Conv2d(3, 4, 3)),
        ("norm", nn.BatchNorm2d(4)),
        ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("middle", nn.Linear(4, 6)),
        ("classifier", nn.Linear(6, classes)),
    ]
    return nn.Sequential(OrderedDict(layers))


@pytest.fixture
def small_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of one network, installed."""
    monkeypatch.setattr(Pretrained, "missing", lambda self: "")
    monkeypatch.setattr(pretrained, "_torchvision", lambda network, own: body())


def choice(**settings: Any) -> Pretrained:
    return Pretrained(**{"library": "torchvision", "network": "small", "weights": "none", **settings})


@pytest.mark.parametrize("library", ["torchvision", "timm", "transformers"])
def test_a_library_that_is_missing_is_one_line_with_the_remedy(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    wanted = f"^pretrained needs {library}, which cannot be imported .*: pip install 'sweepforge\\[vision\\]'$"
    with pytest.raises(ValueError, match=wanted):
        choice(library=library).build(COLOUR, 10)
    network = {"pretrained": {"library": library, "network": "resnet18"}}
    with pytest.raises(SpecError, match=f"^spec: architecture.pretrained: needs {library}, which cannot"):
        fitting.check(SweepSpec.read({"dataset": "digits", "architecture": network}))


def test_library_and_network_must_be_given() -> None:
    with pytest.raises(ValidationError, match="2 validation errors"):
        Pretrained()  # type: ignore[call-arg]


@pytest.mark.usefixtures("small_body")
def test_grey_images_are_brought_to_size_and_the_head_is_new() -> None:
    network = choice(size=16).build(GREY, 10)
    assert network(torch.randn(2, *GREY)).shape == (2, 10)
    assert isinstance(network, Backbone)
    assert network.body.classifier.out_features == 10
    assert network.body.middle.out_features == 6


@pytest.mark.usefixtures("small_body")
@pytest.mark.parametrize("freeze", [False, True])
def test_frozen_is_all_but_the_head(freeze: bool) -> None:
    network = choice(freeze=freeze).build(COLOUR, 10)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, fused=True)
    nn.functional.cross_entropy(network(torch.randn(4, *COLOUR)), torch.arange(4)).backward()
    optimizer.step()
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    head = {"body.classifier.weight", "body.classifier.bias"}
    assert moved == head if freeze else {"body.stem.weight", "body.norm.running_mean", *head} < moved


@pytest.mark.usefixtures("small_body")
def test_five_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="images of 1 or 3 channels, got 5"):
        choice().build(Shape((5, 8, 8)), 10)


@pytest.mark.usefixtures("small_body")
@pytest.mark.parametrize("classes", [7, 1000])
def test_weights_come_from_a_file_whatever_its_head_was(classes: int, tmp_path: Path) -> None:
    trained = body(classes)
    torch.save(trained.state_dict(), tmp_path / "weights.pt")
    network = choice(weights=str(tmp_path / "weights.pt")).build(COLOUR, 10)
    assert torch.equal(network.body.stem.weight, trained.stem.weight)


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="holds other weights than Sequential: 'weight' does not fit"):
        load(body(), tmp_path / "weights.pt")


def test_a_network_without_a_linear_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="Flatten ends in no linear layer"):
        replace_head(nn.Flatten(), 10)


def test_a_path_is_absolute_for_every_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert choice(network="mine").network == str(tmp_path / "mine")
    assert choice(network="google/vit-base-patch16-224").network == "google/vit-base-patch16-224"


# --- with the libraries ---


def test_a_torchvision_network_by_name() -> None:
    pytest.importorskip("torchvision", reason="torchvision is not installed: pip install 'sweepforge[vision]'")
    assert choice(network="resnet18").build(COLOUR, 10)(torch.randn(2, *COLOUR)).shape == (2, 10)
    with pytest.raises(ValueError, match="torchvision cannot give the network 'resnet19'"):
        choice(network="resnet19").build(COLOUR, 10)


def test_a_timm_network_by_name() -> None:
    pytest.importorskip("timm", reason="timm is not installed: pip install 'sweepforge[vision]'")
    network = choice(library="timm", network="resnet10t").build(COLOUR, 10)
    assert network(torch.randn(2, *COLOUR)).shape == (2, 10)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Tensor]:
    """The folder of a small vision transformer, as its library saves it, and one of its weights."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
    config = transformers.ViTConfig(
        image_size=16, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    network = transformers.ViTForImageClassification(config)
    network.save_pretrained(tmp_path / "vit")
    return tmp_path / "vit", network.vit.embeddings.cls_token.detach()


def test_a_transformers_network_from_its_folder(saved: tuple[Path, Tensor]) -> None:
    folder, token = saved
    network = choice(library="transformers", network=str(folder), weights="hub", size=16, freeze=True).build(GREY, 10)
    assert torch.equal(network.body.vit.embeddings.cls_token, token)
    assert network.train()(torch.randn(2, *GREY)).shape == (2, 10)
    assert [name for name, it in network.named_parameters() if it.requires_grad] == [
        "body.classifier.weight", "body.classifier.bias",
    ]  # fmt: skip
    fresh = choice(library="transformers", network=str(folder), size=16).build(GREY, 10)
    assert not torch.equal(fresh.body.vit.embeddings.cls_token, token)


def test_a_folder_without_a_network_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
    with pytest.raises(ValueError, match=r"^transformers cannot give the network .*empty.*") as caught:
        (tmp_path / "empty").mkdir()
        choice(library="transformers", network=str(tmp_path / "empty"), weights="hub").build(GREY, 10)
    assert "\n" not in str(caught.value)
