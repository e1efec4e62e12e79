"""A user's own module by import path, unmodified: its `__init__` arguments become the fields of a choice."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from typing import Any

from pydantic import ConfigDict, Field, create_model

from search_spaces.choice import Choice
from search_spaces.plugins import suggestion

BASES = {"architecture": "LightningModule", "dataset": "LightningDataModule"}
"""What a user may bring: the slot, and the Lightning class it must derive from."""


class ImportedError(ValueError):
    """An import path that leads to nothing usable."""


class Imported(Choice):
    """A user's class, with the arguments it will be given."""

    model_config = ConfigDict(protected_namespaces=())

    module: str

    @classmethod
    def key(cls) -> str:
        """The class's own name."""
        return cls.__name__

    def describe(self) -> dict[str, Any]:
        """The import path and the arguments that were given; the class's own defaults stay its own."""
        return {"name": self.key(), "module": self.module, **self.model_dump(mode="json", exclude_unset=True)}

    def build(self) -> Any:
        """An instance of the user's class."""
        arguments = {name: value for name, value in self if name in self.model_fields_set and name != "module"}
        return load(self.module)(**arguments)


class OpenImported(Imported):
    """A user's class that takes any keyword."""

    model_config = ConfigDict(extra="allow")


def load(path: Any) -> type:
    """The class at `package.module:Class`."""
    module_name, _, class_name = str(path).partition(":")
    if not module_name or not class_name:
        raise ImportedError(f"an import path is written 'package.module:Class', got {path!r}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ImportedError(
            f"cannot import {module_name!r} ({error}); run from the folder that holds the package, or install it"
        ) from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [name for name, item in vars(module).items() if isinstance(item, type)]
        raise ImportedError(f"{module_name!r} has no class {class_name!r}{suggestion(class_name, classes)}")
    return found


@cache
def choice_of(slot: str, path: str) -> type[Imported]:
    """The choice that stands for the user's class at an import path."""
    if slot not in BASES:
        raise ImportedError(f"only {' and '.join(BASES)} take a module by import path, got it in {slot}")
    kind = load(path)
    if BASES[slot] not in (base.__name__ for base in kind.__mro__):
        raise ImportedError(f"{path} must be a lightning.pytorch {BASES[slot]}, it is a {kind.__mro__[1].__name__}")
    parameters = list(inspect.signature(kind).parameters.values())
    fields = {it.name: _field(it) for it in parameters if it.kind in (it.POSITIONAL_OR_KEYWORD, it.KEYWORD_ONLY)}
    open_ended = any(it.kind is it.VAR_KEYWORD for it in parameters)
    return create_model(
        kind.__name__,
        __base__=OpenImported if open_ended else Imported,
        __doc__=kind.__doc__ or f"{path}.",
        **fields,
    )


def _field(parameter: inspect.Parameter) -> Any:
    annotation = float if parameter.annotation in (float, "float") else Any
    return annotation, Field(default=... if parameter.default is parameter.empty else parameter.default)
