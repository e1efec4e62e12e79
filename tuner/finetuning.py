"""A sweep that goes on from a registered version: the network is the parent's, the head is new, so are the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from search_spaces.choice import Architecture
from search_spaces.problems import Problem
from tuner import parent, strategy, weights
from tuner.datasets import read_data
from tuner.errors import SpecError
from tuner.home import Home
from tuner.parent import Inherited, Parent
from tuner.spec import SweepSpec

if TYPE_CHECKING:
    from tuner.strategy import Decision
    from tuner.sweep import Sweep


GIVEN_UP = {"weights": "none", "freeze": False}
"""Settings of networks that come with weights of their own (`pretrained`): the parent's and the strategy stand in."""


@dataclass(frozen=True)
class Beginning:
    """How a sweep begins from its parent.

    Attributes:
        spec: The sweep, with a strategy in the place of `auto`.
        parent: What it starts from.
        inherited: What its networks take over.
        decision: What `auto` has chosen, and why; None if the spec says itself.
    """

    spec: SweepSpec
    parent: Parent
    inherited: Inherited
    decision: Decision | None

    def keep(self, folder: Path) -> dict[str, Any]:
        """Put the weights into the sweep's folder; returns what the ledger notes."""
        weights.keep(self.inherited.weights, folder)
        decided = {strategy.KEY: self.decision.to_json()} if self.decision else {}
        return {"parent": {**self.parent.to_json(), "new": list(self.inherited.new)}, **decided}

    def lines(self) -> list[str]:
        """The same in words."""
        told = f"starts from {self.parent.version} ({self.parent.digest}): {self.inherited}"
        return [told, *([str(self.decision)] if self.decision else [])]


def finetune(
    model: str,
    spec: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    home: str | Path | None = None,
) -> Sweep:
    """A sweep that fits a registered version to other data; `run()` starts it.

    Args:
        model: `MODEL@champion`, or `MODEL/3` for one of its versions.
        spec: What a sweep takes, without `architecture`, which is the parent's; `transfer` says how, `auto` by default.
        overrides: `key=value` texts with dotted keys, laid over the spec.
        name: What to call the sweep; the spec's own name otherwise.
        home: The folder for everything, with the registry of the parent; `TUNER_HOME`, or `runs`, otherwise.
    """
    from tuner.sweep import Sweep

    return Sweep(spec, [*overrides, f"start_from={model}"], name=name, home=home)


def completed(raw: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """A raw spec with what follows from its parent: its version by number, and its network.

    A moved alias, or a new version, no longer changes the sweep. A spec without a parent stays as it is.
    """
    if not raw.get("start_from"):
        return dict(raw)
    found = parent.parent_of(home.tracking_uri, str(raw["start_from"]))
    network = fixed(found.architecture)
    if raw.get("architecture") not in (None, network):
        text = f"is that of {found.version}, a {found.architecture['name']}, since the sweep starts from its weights"
        raise SpecError([Problem("architecture", f"{text}: remove this key")], str(raw.get("name") or "spec"))
    return {**raw, "start_from": str(found.version), "architecture": network}


def begin(spec: SweepSpec, home: Home) -> Beginning:
    """Fetch the parent, see that only the head differs on every data set, and choose a strategy where `auto` is asked.

    Everything is done that can be refused, and nothing written.
    """
    found = parent.parent_of(home.tracking_uri, str(spec.start_from))
    [branch] = spec.space.slots["architecture"]
    network = cast(Architecture, branch.kind(**branch.first()))
    datasets = [branch.kind(**branch.first()).describe() for branch in spec.space.slots["dataset"]]
    taken = [parent.inherited(found, network, read_data(dataset)) for dataset in datasets]
    if any(other.weights.keys() != taken[0].weights.keys() for other in taken):
        raise SpecError([Problem("dataset", "some data sets need a new head, others do not")], str(spec.name))
    decision = None
    if strategy.is_open(spec):
        decision = strategy.decide(spec, network, taken[0].weights, read_data(datasets[0]))
        spec = SweepSpec.read({**spec.describe(), "transfer": decision.transfer})
    return Beginning(spec, found, taken[0], decision)


def fixed(choice: Mapping[str, Any]) -> dict[str, Any]:
    """A network as a spec fixes it; a setting that is none is left to its default."""
    settings = {key: value for key, value in choice.items() if key != "name" and value is not None}
    return {str(choice["name"]): settings | {key: value for key, value in GIVEN_UP.items() if key in settings}}
