"""A choice: a frozen pydantic model whose fields carry their ranges, and which builds what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from search_spaces.dimensions import Among, Between, Dimension
from search_spaces.shape import Kind, Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import nn
    from torch.optim import Optimizer as TorchOptimizer

    from search_spaces.data import Data


class Choice(BaseModel):
    """Something with a name and settings. Its file's name is its key, its docstring its help.

    A range on a field (`Annotated[int, Between(32, 1024)]`) says where to search. What is valid is the wider rule of
    pydantic (`Field(gt=0)`), so that hand-set values outside the range stay legal.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True, allow_inf_nan=False
    )

    @classmethod
    def key(cls) -> str:
        """The name by which specs and commands call it."""
        return cls.__module__.rsplit(".", 1)[-1]

    @classmethod
    def summary(cls) -> str:
        """The first sentence of its docstring."""
        return (cls.__doc__ or "").strip().split("\n")[0]

    @classmethod
    def dimensions(cls) -> dict[str, Dimension]:
        """The fields that carry a range, with their ranges."""
        return {name: found for name, field in cls.model_fields.items() if (found := _range_of(field))}

    def describe(self) -> dict[str, Any]:
        """The choice as plain data, with its name: what a trial receives."""
        return {"name": self.key(), **self.model_dump(mode="json")}


def _range_of(field: Any) -> Dimension | None:
    for mark in field.metadata:
        if isinstance(mark, Between):
            return mark.fit(field.annotation)
        if isinstance(mark, Among):
            return mark
    return None


class Architecture(Choice):
    """A network: inputs of some shape in, one number an output out."""

    fits: ClassVar[tuple[Kind, ...]] = ("image", "vector")
    """The kinds of samples it takes."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """The network for samples of shape `inputs` (without the batch), giving `outputs` numbers a sample."""
        raise NotImplementedError


class Optimizer(Choice):
    """A rule that changes the weights."""

    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
        """The torch optimizer over these parameters."""
        raise NotImplementedError


class Loss(Choice):
    """What training makes small."""

    def build(self) -> nn.Module:
        """A module: (outputs [batch, classes], targets [batch]) -> a scalar."""
        raise NotImplementedError


class Dataset(Choice):
    """Data with its three parts."""

    def build(self) -> Data:
        """Read, split and normalise."""
        raise NotImplementedError


def fields_of(kind: type[Choice]) -> Iterator[tuple[str, str, str, str]]:
    """For help texts: (name, what it may be, default, sentence) of each field."""
    ranges = kind.dimensions()
    for name, field in kind.model_fields.items():
        default = "required" if field.is_required() else str(field.default)
        yield (
            name,
            str(ranges.get(name, getattr(field.annotation, "__name__", field.annotation))),
            default,
            str(field.description or ""),
        )
