"""Networks of other libraries, trained before."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

import torch
from pydantic import AfterValidator, Field
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.choice import Architecture
from search_spaces.dimensions import Among
from search_spaces.files import existing
from search_spaces.shape import Kind, Shape

COLOURS = 3
"""Channels that the networks take; a grey image becomes three equal ones."""


def _absolute_if_there(text: str) -> str:
    """A file or folder under its absolute path, which means the same to every worker; else the text as it is."""
    path = Path(text).expanduser()
    return str(path.absolute()) if path.exists() else text


NameOrPath = Annotated[str, AfterValidator(_absolute_if_there)]


class Pretrained(Architecture):
    """A network that another library trained on other images, with a new head: strong where samples are few.

    Needs the extra of that name: `pip install 'sweepforge[vision]'`. What is downloaded is kept where the library
    keeps it. No code that comes with weights is run.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)

    library: Literal["torchvision", "timm", "transformers"]
    """Whose network it is."""
    network: NameOrPath
    """Its name there (`resnet18`, `google/vit-base-patch16-224`); for transformers also a folder of save_pretrained."""
    weights: NameOrPath = "hub"
    """`hub` for the library's own, `none` for fresh ones, or a file of yours: a state dict (.pt) or .safetensors."""
    freeze: Annotated[bool, Among(False, True)] = False
    """Train the head alone; the rest stays as it is, its batch statistics too."""
    size: Annotated[int, Field(ge=0)] = 0
    """Height and width to which images are brought, such as the 224 pixels it was trained on; 0 leaves them."""

    def missing(self) -> str:
        """The library, if it is not installed."""
        try:
            importlib.import_module(self.library)
        except ImportError as error:
            return f"needs {self.library}, which cannot be imported ({error}): pip install 'sweepforge[vision]'"
        return ""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """The library's network, its last linear layer replaced; `inputs` is (channels, height, width)."""
        if missing := self.missing():
            raise ValueError(f"pretrained {missing}")
        if inputs[0] not in (1, COLOURS):
            raise ValueError(f"pretrained takes images of 1 or {COLOURS} channels, got {inputs[0]}")
        body = self._body()
        if self.weights not in ("hub", "none"):
            load(body, existing(Path(self.weights), "the file of weights"))
        head = replace_head(body, outputs)
        return Backbone(body, head, self.freeze, self.size)

    def _body(self) -> nn.Module:
        own = self.weights == "hub"
        try:
            return {"torchvision": _torchvision, "timm": _timm, "transformers": _transformers}[self.library](
                self.network, own
            )
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            reason = str(error).strip().split("\n")[0]
            raise ValueError(f"{self.library} cannot give the network {self.network!r}: {reason}") from error


class Backbone(nn.Module):
    """A network over images of the size and the colours that it wants.

    Args:
        body: Images [batch, 3, height, width] in, [batch, outputs] (or something with these as `logits`) out.
        head: The part of it that is new.
        freeze: Whether the head alone is trained.
        size: Height and width that images are brought to; 0 leaves them.
    """

    def __init__(self, body: nn.Module, head: nn.Module, freeze: bool, size: int) -> None:
        super().__init__()
        self.body = body
        self.freeze = freeze
        self.size = size
        body.requires_grad_(not freeze)
        head.requires_grad_(True)

    def train(self, mode: bool = True) -> Backbone:
        """A frozen body stays in evaluation mode: its batch statistics and its dropout do not move."""
        super().train(mode)
        if self.freeze:
            self.body.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 1 or 3, height, width] -> [batch, outputs]."""
        if self.size:
            x = F.interpolate(x, (self.size, self.size), mode="bilinear", antialias=True)
        found = self.body(x.expand(-1, COLOURS, -1, -1))
        return cast(Tensor, getattr(found, "logits", found))


def replace_head(body: nn.Module, outputs: int) -> nn.Linear:
    """A new linear layer in the place of the network's last one."""
    name, last = head_of(body)
    head = nn.Linear(last.in_features, outputs)
    body.set_submodule(name, head)
    return head


def head_of(body: nn.Module) -> tuple[str, nn.Linear]:
    """The network's last linear layer, with its dotted name."""
    linear = [(name, module) for name, module in body.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError(f"{type(body).__name__} ends in no linear layer that a new head could take the place of")
    return linear[-1]


def load(body: nn.Module, file: Path) -> None:
    """Put a file's weights into a network; those of its head may have another shape, and then are left out."""
    given, own = read_weights(file), body.state_dict()
    head, _ = head_of(body)
    fitting = {name: value for name, value in given.items() if name in own and value.shape == own[name].shape}
    wrong = [name for name in {**given, **own} if name not in fitting and not name.startswith(f"{head}.")]
    if wrong:
        raise ValueError(f"{file} holds other weights than {type(body).__name__}: {wrong[0]!r} does not fit")
    body.load_state_dict(fitting, strict=False)


def read_weights(file: Path) -> Mapping[str, Tensor]:
    """The tensors of a state dict (.pt, .pth, .bin) or of a .safetensors file; no code in it is run."""
    if file.suffix == ".safetensors":
        return cast(Mapping[str, Tensor], importlib.import_module("safetensors.torch").load_file(file))
    found: Any = torch.load(file, map_location="cpu", weights_only=True)
    return cast(Mapping[str, Tensor], found.get("state_dict", found))


def _torchvision(network: str, own: bool) -> nn.Module:
    models = importlib.import_module("torchvision.models")
    return cast(nn.Module, models.get_model(network, weights="DEFAULT" if own else None))


def _timm(network: str, own: bool) -> nn.Module:
    return cast(nn.Module, importlib.import_module("timm").create_model(network, pretrained=own))


def _transformers(network: str, own: bool) -> nn.Module:
    library, local = importlib.import_module("transformers"), Path(network).is_dir()
    kind = library.AutoModelForImageClassification
    if own:
        return cast(nn.Module, kind.from_pretrained(network, local_files_only=local, use_safetensors=True))
    return cast(nn.Module, kind.from_config(library.AutoConfig.from_pretrained(network, local_files_only=local)))
