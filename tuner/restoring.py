"""A network back from what was kept of it: the text that rebuilds it, and the module with its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import yaml
from torch import nn

from search_spaces.choice import Architecture
from search_spaces.imported import Imported
from search_spaces.shape import Shape
from search_spaces.space import realise
from tracking.models import NETWORK, WEIGHTS
from tuner.assignment import Assignment
from tuner.errors import UsageError

_LOADER = "mlflow.pytorch"
"""What loads the models that were logged here; it runs no code of theirs."""


class ForeignCodeError(UsageError):
    """A model brings code that is not ours."""


def network_file(assignment: Assignment) -> str:
    """What rebuilds a network without its data set, as JSON; no path of this machine is in it."""
    portable = replace(assignment, folder=Path(), import_paths=(), inheritance=None, kept=(), start_from=None)
    return json.dumps({"assignment": portable.to_json(), "network": _sizes(assignment)}, indent=1)


def network_of(folder: Path, *, trust_code: bool = False) -> tuple[nn.Module, Assignment]:
    """The network in a model's folder (`Registry.fetch`), with its weights, on the CPU; and how it was trained.

    Args:
        folder: The model's own folder.
        trust_code: Import and run a module of the user's own, or a loader that the model brings.

    Raises:
        ForeignCodeError: The model brings code, and `trust_code` is not given. Nothing of it was run.
        UsageError: It was not kept by this platform, or its weights do not fit the network.
    """
    import torch

    described = _described(folder)
    if not trust_code:
        refuse_foreign_code(folder)
    assignment = Assignment.from_json(described["assignment"])
    network = _network(assignment, described["network"])
    try:
        network.load_state_dict(torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True))
    except UnpicklingError as error:
        raise UsageError(f"{WEIGHTS} of the model in {folder} holds more than numbers: it is not loaded") from error
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(f"the weights of the model in {folder} do not fit its network: {reason}") from error
    return network, assignment


def refuse_foreign_code(folder: Path) -> None:
    """Raise `ForeignCodeError` for a model that would run code that is not ours; only texts of it are read."""
    if found := next(iter(_foreign(folder)), None):
        text = f"it brings {found}, which would run on this machine: look at it, then say --trust-code"
        raise ForeignCodeError(f"the model is not loaded: {text}")


def _foreign(folder: Path) -> list[str]:
    model: Mapping[str, Any] = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8")) or {}
    flavors: Mapping[str, Any] = model.get("flavors") or {}
    loader = (flavors.get("python_function") or {}).get("loader_module")
    found = [f"a loader of its own ({loader})"] if loader != _LOADER else []
    found += [f"code of its own ({name}: {it['code']})" for name, it in flavors.items() if it and it.get("code")]
    found += [f"a pickled network ({path.relative_to(folder)})" for path in sorted((folder / "data").glob("*.pth"))]
    if (folder / NETWORK).exists():
        choices = _described(folder)["assignment"]["choices"]
        found += [f"a module by import path ({it['module']})" for it in choices.values() if "module" in it]
    return found


def _described(folder: Path) -> dict[str, Any]:
    path = folder / NETWORK
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the model has no readable {NETWORK} ({error}): it was not kept by this platform, or by an older one; "
            "train it again, or promote another"
        ) from error
    return found


def _sizes(assignment: Assignment) -> dict[str, Any] | None:
    """What the network was made for; None where its module reads that from the data."""
    architecture = realise("architecture", assignment.choices["architecture"])
    if isinstance(architecture, Imported) or cast(Architecture, architecture).learning != "supervised":
        return None
    from tuner.datasets import read_data

    data = read_data(assignment.choices["dataset"])
    inputs = data.inputs
    return {
        "inputs": list(inputs),
        "kind": inputs.kind,
        "vocabulary": inputs.vocabulary,
        "outputs": data.outputs,
    }


def _network(assignment: Assignment, sizes: Mapping[str, Any] | None) -> nn.Module:
    if sizes is None:
        from tuner import building

        module = building.build_module(assignment)
        if "module" in assignment.choices["architecture"]:
            return module  # what was logged, without a look at data that may not be here
        return building.exportable_of(module, assignment)[0]
    architecture = cast(Architecture, realise("architecture", assignment.choices["architecture"]))
    return architecture.build(Shape(sizes["inputs"], sizes["kind"], sizes["vocabulary"]), sizes["outputs"])
