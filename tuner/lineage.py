"""Where a model came from and what came of it: sweep -> version -> child sweep -> child version."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from tracking.lines import LedgerError
from tracking.onlooker import Onlooker
from tracking.registry import ModelName, Registry, Version
from tuner.confirmation import KEY as CONFIRMS
from tuner.home import Home

PARENT = "parent"
"""What a fine-tuning sweep notes of the version that it started from."""
Key = tuple[str, int]
"""A model and the number of a version."""


@dataclass(frozen=True)
class Node:
    """A sweep, or a version of a model, with what was made of it.

    Attributes:
        text: What it is called, and what is known of it.
        children: Of a sweep its versions, of a version the sweeps that started from it.
    """

    text: str
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class _Family:
    """All versions of a registry, and which version each sweep of a home started from."""

    versions: Mapping[Key, Version]
    started_from: Mapping[str, Key]

    def root(self, version: Version) -> Version:
        """The version that it goes back to, as far as the registry still has it."""
        parent = self.versions.get(_parent(version) or ("", 0))
        return self.root(parent) if parent else version

    def sweep(self, name: str, versions: list[Version]) -> Node:
        """A sweep with the versions that were made of it."""
        return Node(f"sweep {name}", tuple(self.version(version) for version in versions))

    def version(self, version: Version) -> Node:
        """A version with the sweeps that started from it."""
        own = (version.model, version.number)
        made = [it for it in self.versions.values() if _parent(it) == own]
        begun = [name for name, parent in self.started_from.items() if parent == own]
        names = dict.fromkeys([*(_sweep_of(it) for it in made), *begun])
        children = (self.sweep(name, [it for it in made if _sweep_of(it) == name]) for name in names)
        return Node(_text(version), tuple(children))


def lineage(home: Home, model: str) -> list[Node]:
    """The trees that a model's versions are part of, each from its first sweep on.

    Raises:
        RegistryError: There is no such model.
    """
    registry = Registry(home.tracking_uri)
    own = registry.versions(ModelName.read(model).model)
    versions = {(it.model, it.number): it for name in registry.models() for it in registry.versions(name)}
    family = _Family(versions, _started_from(home))
    roots = {(it.model, it.number): it for it in map(family.root, own)}
    names = dict.fromkeys(_sweep_of(root) for root in roots.values())
    return [family.sweep(name, [it for it in roots.values() if _sweep_of(it) == name]) for name in names]


def lines(nodes: list[Node], depth: int = 0) -> list[str]:
    """The trees, a line a node, further in the deeper it is."""
    found = []
    for node in nodes:
        found.append(f"{'  ' * depth}{node.text}")
        found += lines(list(node.children), depth + 1)
    return found


def _parent(version: Version) -> Key | None:
    parents = version.evidence.get("parents") or []
    return (parents[0]["model"], int(parents[0]["version"])) if parents else None


def _sweep_of(version: Version) -> str:
    """The sweep that found it; its confirmation belongs to that."""
    confirmation = version.evidence.get("confirmation") or {}
    return str(confirmation.get("sweep") or version.evidence.get("sweep") or f"unknown, run {version.run_id}")


def _started_from(home: Home) -> dict[str, Key]:
    """The sweeps that began with a version's weights; what merely confirms another is left out."""
    found = {}
    for name in home.names():
        with suppress(LedgerError):
            noted = Onlooker(home.sweep(name)).record().attributes
            if (parent := noted.get(PARENT)) and CONFIRMS not in noted:
                found[name] = (str(parent["model"]), int(parent["version"]))
    return found


def _text(version: Version) -> str:
    card = version.evidence
    aliases = f" @{', @'.join(version.aliases)}" if version.aliases else ""
    if not card:
        return f"{version}{aliases}: no evidence, it was registered elsewhere"
    metric, confirmation = card["objective"]["metric"], card.get("confirmation")
    value = f"{card['value']:.4f}, not confirmed"
    if confirmation:
        value = f"{confirmation['mean']:.4f} over {confirmation['seeds']} seeds"
    forced = ", forced" if card["promotion"].get("forced") else ""
    return f"{version}{aliases}: {card['architecture']}, {metric} {value} on {card['data']['dataset']}{forced}"
