"""A choice: a frozen pydantic model whose fields carry their ranges, and which builds what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from search_spaces.dimensions import Among, Between, Dimension
from search_spaces.shape import Kind, Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer as TorchOptimizer
    from torch.optim.lr_scheduler import LRScheduler

    from search_spaces.data import Data, Task


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
    learning: ClassVar[str] = "supervised"
    """Which Lightning module trains it: a file in `tuner/modules`."""

    def missing(self) -> str:
        """What must be installed before it can be built, as the end of a sentence; empty if nothing."""
        return ""

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

    tasks: ClassVar[tuple[str, ...]] = ("classification",)
    """The tasks of data sets (`Data.task`) that it can learn."""

    def build(self, weights: Tensor | None = None) -> nn.Module:
        """A module: (outputs, targets) -> a scalar, the mean over the batch.

        Args:
            weights: What `imbalance.class_weights` finds in the training part, [outputs]; a loss without a setting
                for it, or with the setting off, makes no use of it.
        """
        raise NotImplementedError


class LrSchedule(Choice):
    """How the learning rate goes on from what the optimizer was given."""

    interval: ClassVar[Literal["step", "epoch"]] = "step"
    """When the built scheduler wants its `step()`: after each step of the optimizer, or after each epoch."""
    monitor: ClassVar[str | None] = None
    """The metric that `step()` must be given, if it must be given one."""

    warmup: Annotated[float, Between(0.0, 0.3), Field(ge=0, lt=1)] = 0.0
    """Share of the steps over which the learning rate first rises evenly (Goyal et al., 2017)."""

    def build(self, optimizer: TorchOptimizer, steps: int, epochs: int) -> LRScheduler:
        """The torch scheduler for a training of `steps` steps in `epochs` epochs; it has set the first step's rate."""
        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, lambda step: self.factor(step, steps))

    def factor(self, step: int, steps: int) -> float:
        """What the optimizer's learning rate is multiplied by in a step; the first is step 0, the last steps - 1."""
        warm = round(self.warmup * steps)
        if step < warm:
            return self.shape(0.0) * (step + 1) / (warm + 1)
        return self.shape(min(1.0, (step - warm) / max(1, steps - warm)))

    def shape(self, progress: float) -> float:
        """The factor once the warm-up is over, at `progress` from 0 to 1 of what then is left."""
        raise NotImplementedError


class Augmentation(Choice):
    """A random change of training samples that leaves their targets right."""

    fits: ClassVar[tuple[Kind, ...]] = ("image",)
    """The kinds of samples it can change."""

    def build(self, words: tuple[str, ...] | None = None) -> nn.Module:
        """A module: a batch in, a batch of the same shape out, on the same device; in evaluation mode it does nothing.

        It draws from torch's global generator of the batch's device: seeding that makes it repeatable.

        Args:
            words: For text, the word of each token number (`Data.words`).
        """
        raise NotImplementedError


class Transfer(Choice):
    """How a network that has learned one task is fitted to another.

    A network's blocks are counted from the head, which is block 0 (`search_spaces.blocks`). A strategy is a rule of the
    epoch alone, so that a training that is interrupted goes on with the same blocks.
    """

    inherits: ClassVar[bool] = True
    """Whether training starts from the parent's weights, the head's apart."""

    def opened(self, blocks: int, epoch: int, epochs: int) -> int:
        """How many of the blocks, counted from the head, are trained in an epoch from 0 to epochs - 1; 1 at least."""
        return blocks

    def rate(self, block: int, blocks: int) -> float:
        """What the learning rate is multiplied by in a block."""
        return 1.0


class Dataset(Choice):
    """Data with its three parts."""

    @property
    def task(self) -> Task:
        """What is learned from it, as far as the settings tell: nothing is read."""
        return "classification"

    def build(self) -> Data:
        """Read, split and normalise."""
        raise NotImplementedError

    @classmethod
    def example(cls, folder: Path) -> Self:
        """A choice that builds at once, offline: whatever it reads is written into the folder first, and is tiny."""
        return cls()


def fields_of(kind: type[Choice]) -> Iterator[tuple[str, str, str, str]]:
    """For help texts: (name, what it may be, default, sentence) of each field."""
    ranges = kind.dimensions()
    for name, field in kind.model_fields.items():
        default = "required" if field.is_required() else str(field.default)
        yield (
            name,
            str(ranges.get(name) or _values_of(field.annotation)),
            default,
            " ".join((field.description or "").split()),
        )


def _values_of(annotation: Any) -> str:
    """What a field without a range may be: the values of a `Literal`, else the name of its type."""
    if get_origin(annotation) is Literal:
        return " | ".join(str(value) for value in get_args(annotation))
    return str(getattr(annotation, "__name__", annotation))
