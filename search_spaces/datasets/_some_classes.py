"""What data sets share of which some classes, or few training samples of each, can be taken."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import torch
from pydantic import BeforeValidator, Field, model_validator
from torch import Tensor

from search_spaces.choice import Dataset
from search_spaces.plugins import suggestion

Names = Annotated[
    str, BeforeValidator(lambda given: ",".join(map(str, given)) if isinstance(given, list | tuple) else given)
]


class SomeClasses(Dataset):
    """Data of which some classes can be taken: a task of its own, for a network that has learned the others."""

    all_classes: ClassVar[tuple[str, ...]]
    """The names of the classes, in the order of their labels."""

    classes: Names | None = None
    """Names of the classes to take, with commas between them: `5,6,7,8,9`; all of them if not given."""
    per_class: Annotated[int, Field(ge=1)] | None = None
    """Training samples to take of each class, at random; all of them if not given. The other parts stay whole."""

    @property
    def taken(self) -> tuple[str, ...]:
        """The names of the classes that are taken, in the order in which they are given: so they are labelled."""
        return tuple(name.strip() for name in self.classes.split(",")) if self.classes else self.all_classes

    @model_validator(mode="after")
    def _are_classes(self) -> Self:
        taken = self.taken
        for name in taken:
            if name not in self.all_classes:
                near = suggestion(name, self.all_classes)
                raise ValueError(f"{name!r} is not one of the classes of {self.key()}{near}")
        if len(set(taken)) < max(2, len(taken)):
            raise ValueError(f"classes must be two or more different ones with commas between, got {self.classes!r}")
        return self

    def members(self, y: Tensor) -> Tensor:
        """Indices of the samples of the classes that are taken, in order; `y` is labels of all classes, [samples]."""
        return (self._numbers()[y] >= 0).nonzero().flatten()

    def relabelled(self, y: Tensor) -> Tensor:
        """Labels of all classes as labels of those that are taken."""
        return self._numbers()[y]

    def thinned(self, y: Tensor, part: Tensor, seed: int) -> Tensor:
        """So many of a part's samples as are to be taken of each class, at random, in order.

        Args:
            y: Labels of all samples.
            part: Indices of the part.
            seed: The same seed takes the same samples.
        """
        if self.per_class is None:
            return part
        generator, found = torch.Generator().manual_seed(seed), []
        for label in y[part].unique():
            members = part[y[part] == label]
            if len(members) < self.per_class:
                least = f"class {self.taken[int(label)]} has {len(members)} training samples"
                raise ValueError(f"per_class must be at most what every class has, got {self.per_class}, but {least}")
            found.append(members[torch.randperm(len(members), generator=generator)[: self.per_class]])
        return torch.cat(found).sort().values

    def _numbers(self) -> Tensor:
        """The label that each class has among those that are taken; -1 for the others."""
        return torch.tensor([self.taken.index(name) if name in self.taken else -1 for name in self.all_classes])
