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

    model_config = ConfigDict(protected_namespaces=(), allow_inf_nan=True)

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
    module_name, _, class_name = path.partition(":") if isinstance(path, str) else ("", "", "")
    if not module_name or not class_name:
        raise ImportedError(f"an import path is written 'package.module:Class', got {path!r}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ImportedError(
            f"cannot import {module_name!r} ({error}); run from the folder that holds the package, or install it"
        ) from error
    except Exception as error:
        reason = str(error).split("\n")[0]
        raise ImportedError(f"importing {module_name!r} raised {type(error).__name__}: {reason}") from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [name for name, item in vars(module).items() if isinstance(item, type)]
        raise ImportedError(f"{module_name!r} has no class {class_name!r}{suggestion(class_name, classes)}")
    return found


def choice_of(slot: str, path: str) -> type[Imported]:
    """The choice that stands for the user's class at an import path."""
    if slot not in BASES:
        raise ImportedError(f"only {' and '.join(BASES)} take a module by import path, got it in {slot}")
    kind = load(path)
    if BASES[slot] not in (base.__name__ for base in kind.__mro__):
        bases = " and ".join(base.__name__ for base in kind.__bases__)
        raise ImportedError(f"{path} must be a lightning.pytorch {BASES[slot]}, it derives from {bases or 'nothing'}")
    return _choice_for(kind, path)


@cache
def _choice_for(kind: type, path: str) -> type[Imported]:
    parameters = list(inspect.signature(kind).parameters.values())
    if unfit := [it.name for it in parameters if _reserved(it.name) and it.default is it.empty and _by_name(it)]:
        raise ImportedError(f"{path} needs the argument {unfit[0]!r}, a name that is taken here: give it a default")
    fields = {it.name: _field(it) for it in parameters if _by_name(it) and not _reserved(it.name)}
    open_ended = any(it.kind is it.VAR_KEYWORD for it in parameters)
    return create_model(
        kind.__name__,
        __base__=OpenImported if open_ended else Imported,
        __doc__=kind.__doc__ or f"{path}.",
        **fields,
    )


def _by_name(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def _reserved(name: str) -> bool:
    """Names that a spec cannot set, because pydantic or a choice has its own use for them."""
    return name.startswith("_") or name == "name" or hasattr(OpenImported, name) or name in Imported.model_fields


def _field(parameter: inspect.Parameter) -> Any:
    named = getattr(parameter.annotation, "__name__", parameter.annotation)
    number = {"float": float, "int": int}.get(named)
    fitting = parameter.default is parameter.empty or type(parameter.default) in (int, number)
    annotation = number if number and fitting else Any
    return annotation, Field(default=... if parameter.default is parameter.empty else parameter.default)
