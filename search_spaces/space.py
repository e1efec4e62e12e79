"""The dimensions of the chosen types as one conditional space."""

from __future__ import annotations

import hashlib
import importlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from search_spaces import imported, plugins
from search_spaces.choice import Choice
from search_spaces.combinations import Combinations, Condition
from search_spaces.dimensions import Among, Between, Dimension, DimensionError, Draws, Fixed, Value, read
from search_spaces.problems import Problem, Problems, rule_of

SLOTS = {
    "dataset": "search_spaces.datasets",
    "architecture": "search_spaces.architectures",
    "loss": "search_spaces.losses",
    "optimizer": "search_spaces.optimizers",
    "lr_schedule": "search_spaces.lr_schedules",
    "augmentation": "search_spaces.augmentations",
    "training": "search_spaces.training",
    "transfer": "search_spaces.transfer",
}
"""What a trial is made of: each slot with the folder (or the one file) of its choices, in the order they are drawn."""

Point = dict[str, Any]
Choices = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Branch:
    """One type in a slot, with its dimensions as this sweep searches them."""

    slot: str
    kind: type[Choice]
    dimensions: Mapping[str, Dimension]

    @property
    def name(self) -> str:
        """The type's key."""
        return self.kind.key()

    def parameter(self, field: str) -> str:
        """The dotted name of a field: `architecture.mlp.width`."""
        return f"{self.slot}.{self.name}.{field}" if self.slot != self.name else f"{self.slot}.{field}"

    @property
    def searched(self) -> dict[str, Dimension]:
        """The dimensions with more than one value, by dotted name."""
        return {self.parameter(name): it for name, it in self.dimensions.items() if not isinstance(it, Fixed)}

    def default(self, parameter: str) -> Any:
        """What the type itself takes for a parameter, if it says."""
        field = parameter.rpartition(".")[2]
        return self.kind.model_fields[field].default if field in self.kind.model_fields else None

    def first(self) -> dict[str, Any]:
        """The first value of each dimension."""
        return {name: dimension.grid(2)[0] for name, dimension in self.dimensions.items()}

    def suggest(self, trial: Draws) -> dict[str, Any]:
        """Draw a valid choice, whole, as plain data."""
        values = {name: it.suggest(trial, self.parameter(name)) for name, it in self.dimensions.items()}
        return self.kind(**values).describe()


@dataclass(frozen=True)
class Space:
    """The whole space of a sweep: in each slot one or several branches, of which a trial has one."""

    slots: Mapping[str, tuple[Branch, ...]]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Space:
        """The space that a spec's slots describe; raises `Problems` with everything that is wrong with it."""
        problems: list[Problem] = []
        slots = {slot: tuple(_branches(slot, raw[slot], problems)) for slot in SLOTS if slot in raw}
        problems += [problem for slot, branches in slots.items() for problem in _repeated(slot, branches)]
        if problems:
            raise Problems(problems)
        return cls(slots)

    def parameters(self) -> dict[str, Dimension]:
        """Everything that is searched, by dotted name; which branch to take is a parameter named like its slot."""
        found: dict[str, Dimension] = {}
        for slot, branches in self.slots.items():
            if len(branches) > 1:
                found[slot] = Among(*(branch.name for branch in branches))
            for branch in branches:
                found |= branch.searched
        return found

    def conditions(self) -> dict[str, list[Condition]]:
        """What must hold for a parameter to exist, for each that is not part of every point.

        `{"architecture.mlp.width": [("architecture", ("mlp",))]}`: a slot's settings exist beside the choice that has
        them, where the slot has several. All of several conditions must hold, and the parents must exist themselves.
        """
        return {
            name: [(slot, (branch.name,))]
            for slot, branches in self.slots.items()
            if len(branches) > 1
            for branch in branches
            for name in branch.searched
        }

    @property
    def size(self) -> float:
        """How many different points there are; infinity if something is continuous."""
        parameters = self.parameters()
        if any(math.isinf(dimension.size) for dimension in parameters.values()):
            return math.inf
        conditions = self.conditions()
        parents = {parent for all_of in conditions.values() for parent, _ in all_of}
        # of a parameter on which none hangs only the number of values counts
        whole: dict[str, Sequence[Value]] = {
            name: it.grid(int(it.size)) if name in parents else range(int(it.size)) for name, it in parameters.items()
        }
        return Combinations(whole, conditions).size

    def usual(self) -> Point:
        """The point to begin with: the first choice of each slot, its defaults, the middle of what has none."""
        found: Point = {}
        for slot, (first, *others) in self.slots.items():
            if others:
                found[slot] = first.name
            found |= {name: it.usual(first.default(name)) for name, it in first.searched.items()}
        return found

    @property
    def conditional(self) -> bool:
        """Whether some parameters exist only beside some values of others."""
        return bool(self.conditions())

    def suggest(self, trial: Draws) -> Choices:
        """Draw a point from an Optuna trial: a whole choice in every slot, as plain data."""
        return {slot: self._branch(slot, trial).suggest(trial) for slot in self.slots}

    def grid(self, points: int = 5) -> Iterator[Point]:
        """Every point of the grid, as parameters; a continuous dimension is cut into `points` values."""
        yield from self.combinations(points)

    def combinations(self, points: int = 5) -> Combinations:
        """The grid, to be counted, or asked for its n-th point, without going through it."""
        cut = {name: dimension.grid(points) for name, dimension in self.parameters().items()}
        return Combinations(cut, self.conditions())

    def validate(self, point: Mapping[str, Any]) -> None:
        """Refuse a point that has unknown parameters or values outside their range."""
        known = self.parameters()
        problems = [
            Problem(name, f"is not a parameter of this space{plugins.suggestion(name, known)}")
            if name not in known
            else Problem(name, f"must be in {known[name]}, got {value!r}")
            for name, value in point.items()
            if name not in known or not known[name].contains(value)
        ]
        if problems:
            raise Problems(problems)

    def digest(self) -> str:
        """A fingerprint of the space, 16 hex digits: equal spaces have equal ones."""
        slots = {
            slot: {branch.name: {name: repr(it) for name, it in branch.dimensions.items()} for branch in branches}
            for slot, branches in self.slots.items()
        }
        text = json.dumps(slots, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def _branch(self, slot: str, trial: Draws) -> Branch:
        branches = self.slots[slot]
        if len(branches) == 1:
            return branches[0]
        name = trial.suggest_categorical(slot, [branch.name for branch in branches])
        return next(branch for branch in branches if branch.name == name)


def kind_of(slot: str, name: str) -> type[Choice]:
    """The type of that name in a slot."""
    if slot == "training":
        training: type[Choice] = importlib.import_module(SLOTS[slot]).Training
        return training
    return plugins.find(SLOTS[slot], name)


def realise(slot: str, choice: Mapping[str, Any]) -> Choice:
    """The choice that plain data describes: the inverse of `Choice.describe`."""
    settings = {key: value for key, value in choice.items() if key != "name"}
    kind = imported.choice_of(slot, settings["module"]) if "module" in settings else kind_of(slot, choice["name"])
    return kind(**settings)


def _branches(slot: str, raw: Any, problems: list[Problem]) -> Iterator[Branch]:
    if slot == "training":
        yield from _read_branch(slot, "training", raw, problems)
    elif isinstance(raw, str):
        yield from _read_branch(slot, raw, {}, problems)
    elif isinstance(raw, list) and raw:
        for item in raw:
            yield from _branches(slot, item, problems)
    elif isinstance(raw, Mapping) and "module" in raw:
        yield from _read_module(slot, raw, problems)
    elif isinstance(raw, Mapping) and raw:
        for name, settings in raw.items():
            yield from _read_branch(slot, name, settings, problems)
    else:
        problems.append(Problem(slot, f"must name at least one choice (a name, a list, a mapping), got {raw!r}"))


def _repeated(slot: str, branches: tuple[Branch, ...]) -> Iterator[Problem]:
    """Names that stand for two branches: a trial's parameters could not be told apart."""
    for name, count in Counter(branch.name for branch in branches).items():
        if count > 1:
            yield Problem(slot, f"names {name!r} {count} times: give each choice once, and its settings as lists")


def _read_branch(slot: str, name: Any, settings: Any, problems: list[Problem]) -> Iterator[Branch]:
    where = slot if slot == name else f"{slot}.{name}"
    try:
        kind = kind_of(slot, name)
    except plugins.UnknownNameError as error:
        problems.append(Problem(slot, str(error)))
        return
    yield from _narrowed(Branch(slot, kind, kind.dimensions()), where, settings, problems)


def _read_module(slot: str, raw: Mapping[str, Any], problems: list[Problem]) -> Iterator[Branch]:
    try:
        kind = imported.choice_of(slot, raw["module"])
    except imported.ImportedError as error:
        problems.append(Problem(f"{slot}.module", str(error)))
        return
    settings = {key: value for key, value in raw.items() if key != "module"}
    yield from _narrowed(Branch(slot, kind, {"module": Fixed(raw["module"])}), slot, settings, problems)


def _narrowed(branch: Branch, where: str, settings: Any, problems: list[Problem]) -> Iterator[Branch]:
    if settings is None:
        settings = {}
    if not isinstance(settings, Mapping):
        problems.append(Problem(where, f"must be a mapping of settings, got {settings!r}"))
        return
    dimensions = dict(branch.dimensions)
    for field, raw in settings.items():
        try:
            dimensions[field] = _narrow(branch.kind, field, raw)
        except DimensionError as error:
            problems.append(Problem(f"{where}.{field}", str(error)))
    narrowed = Branch(branch.slot, branch.kind, dimensions)
    problems += [Problem(f"{where}.{field}" if field else where, text) for field, text in _invalid(narrowed, settings)]
    yield narrowed


def _narrow(kind: type[Choice], field: str, raw: Any) -> Dimension:
    known = kind.model_fields
    if field not in known and kind.model_config.get("extra") != "allow":
        raise DimensionError(f"{kind.key()} has no setting of that name{plugins.suggestion(field, known)}")
    found = read(raw)
    before = kind.dimensions().get(field)
    if isinstance(found, Between) and field in known:
        found = found.fit(known[field].annotation)
    if before is not None and before.shapes and not isinstance(found, Fixed):
        found = Among(*found.options, shapes=True) if isinstance(found, Among) else replace(found, shapes=True)
    return found


def _invalid(branch: Branch, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What pydantic finds wrong with the ends of the given ranges: (field, rule and value)."""
    known = branch.kind.model_fields
    found: dict[tuple[str, str], None] = {}
    for values in _corners(branch):
        try:
            branch.kind(**values)
        except ValidationError as error:
            for entry in error.errors():
                field = str(entry["loc"][0]) if entry["loc"] else ""
                if field == "" or (field in known and (field in settings or entry["type"] == "missing")):
                    found[field, rule_of(entry)] = None
    return list(found)


def _corners(branch: Branch) -> Iterator[dict[str, Any]]:
    """Points that touch both ends (every option) of each dimension, one dimension at a time."""
    centre = branch.first()
    yield centre
    for name, dimension in branch.dimensions.items():
        for value in dimension.grid(2):
            yield centre | {name: value}
