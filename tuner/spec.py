"""The spec of a sweep: read whole, checked whole, every problem at once."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, Field, ValidationError

from search_spaces import plugins
from search_spaces.choice import Architecture, Choice, Dataset
from search_spaces.imported import Imported
from search_spaces.problems import Problem, Problems, rule_of
from search_spaces.space import SLOTS, Point, Space
from tracking.goals import Goals
from tuner import judging, reading, starting_points, transfer_rules
from tuner.errors import SpecError
from tuner.failures import Failures
from tuner.schedulers import Scheduler
from tuner.searchers import Searcher
from tuner.sections import Budget, Checkpoints, ConstraintSpec, Names, ObjectiveSpec, OneObjective, Resources, Section

RECIPES = Path(__file__).parent.parent / "search_spaces" / "recipes"
DEFAULTS = {
    "loss": "cross_entropy",
    "optimizer": "adamw",
    "lr_schedule": {"constant": {"warmup": 0.0}},
    "augmentation": "none",
}
"""The slots that a spec may leave out, unless a user's own module stands in for them."""

BY_TASK: dict[str, tuple[str, str]] = {
    "multilabel": ("binary_cross_entropy", "val/accuracy"),
    "regression": ("mse", "val/mse"),
    "forecasting": ("mse", "val/mse"),
}
"""The loss and the objective that a spec may leave out, where the data set is not for classification."""


_UNSAID = ("constraints", "measure")
"""Keys that say nothing while they are empty."""


class SweepSpec(Section):
    """A sweep as its user describes it. Only `dataset` and `architecture` must be given."""

    name: str | None = None
    """What the sweep is called; the file's name otherwise."""
    dataset: Any
    """What is learned from: a name, a list of names, or a mapping that narrows settings."""
    architecture: Any
    """Which networks: the same, or `{module: "package.module:Class"}` for a module of your own."""
    loss: Any = None
    """What training makes small; by default what suits the data set's task: cross_entropy, or mse for numbers."""
    optimizer: Any = None
    """What changes the weights; adamw by default."""
    lr_schedule: Any = None
    """How the learning rate goes on; constant by default."""
    augmentation: Any = None
    """Random changes of training samples; none by default."""
    training: Any = None
    """How training goes: batch_size, clip, l1, patience, ... (`tuner describe training`)."""
    start_from: str | None = None
    """The registered version whose network and weights are gone on from: MODEL@champion, or MODEL/3."""
    transfer: Any = None
    """How those are fitted to this data (`tuner list transfer`); auto by default, where `start_from` is given."""
    objective: ObjectiveSpec = ObjectiveSpec()
    objectives: Annotated[tuple[OneObjective, ...], Field(min_length=2)] | None = None
    """Several at once, in place of `objective`: the first keeps checkpoints and is what schedulers compare."""
    constraints: dict[str, ConstraintSpec] = Field(default_factory=dict)
    """Limits by metric, {latency_ms: {max: 5}}: a trial that breaks one is neither best nor ranked."""
    measure: tuple[Literal["latency_ms", "epoch_seconds"], ...] = ()
    """What is measured and reported though it is neither objective nor constraint."""
    points: Any = None
    """Points to try first: a list of mappings of parameters, whole or in part; what they leave out is drawn."""
    warm_start: Names | None = None
    """Earlier sweeps of the same home that help this one, by name; `auto` for every finished one that can."""
    searcher: Any = "auto"
    """Which points are tried: a name, or {name: {options}}."""
    scheduler: Any = "freeze_thaw"
    """Which trials go on: a name, or {name: {options}}."""
    budget: Budget = Budget()
    resources: Resources = Resources()
    failures: Failures = Failures()
    checkpoints: Checkpoints = Checkpoints()
    seed: Annotated[int, Field(ge=0)] = 0
    """The same seed draws the same trials."""
    repeats: Annotated[int, Field(ge=1)] = 1
    """Train every point so many times, each time with another seed; each is a trial of the budget."""

    @classmethod
    def read(cls, raw: Mapping[str, Any], source: str = "spec") -> SweepSpec:
        """A spec from plain data; raises `SpecError` with everything that is wrong."""
        problems: list[Problem] = []
        try:
            spec = cls.model_validate(_with_defaults(raw))
        except ValidationError as error:
            problems += [_problem(entry) for entry in error.errors()]
            spec = None
        problems += _slot_problems(raw) + judging.either_one_or_several(raw)
        for section, folder in (("searcher", "tuner.searchers"), ("scheduler", "tuner.schedulers")):
            given = raw.get(section)
            problems += option_problems(section, folder, cls.model_fields[section].default if given is None else given)
        if spec is not None and not problems:
            problems += _cross_problems(spec)
        if problems or spec is None:
            raise SpecError(list(dict.fromkeys(problems)), source)
        return spec

    @classmethod
    def load(cls, where: str | Path, overrides: Sequence[str] = (), name: str | None = None) -> SweepSpec:
        """A spec from a YAML file or a recipe's name, with `key=value` overrides laid over it."""
        return cls.read(raw_spec(where, overrides, name), str(where))

    @cached_property
    def space(self) -> Space:
        """Everything that may vary."""
        return Space.read(self._slots())

    @cached_property
    def searcher_choice(self) -> Searcher:
        """The searcher with its options."""
        return self.scheduler_choice.searcher(cast(Searcher, _option("tuner.searchers", self.searcher)))

    @cached_property
    def scheduler_choice(self) -> Scheduler:
        """The scheduler with its options."""
        return cast(Scheduler, _option("tuner.schedulers", self.scheduler))

    @cached_property
    def goals(self) -> Goals:
        """The objectives with their directions, and the constraints."""
        objectives = tuple(it.resolved() for it in self.objectives or (self.objective,))
        return Goals(objectives, tuple(limits.resolved(metric) for metric, limits in self.constraints.items()))

    @property
    def measured(self) -> tuple[str, ...]:
        """Every metric that is asked for by name."""
        return tuple(dict.fromkeys([*self.goals.metrics, *self.measure]))

    @cached_property
    def trials(self) -> int:
        """How many trials there will be: the budget, or the whole space or grid if that is smaller."""
        listed = self.searcher_choice.trials(self.space)
        ends = (self.space.size, math.inf if listed is None else listed + len(self.first_points))
        return int(min(self.budget.trials, *(end * self.repeats for end in ends)))

    @cached_property
    def first_points(self) -> tuple[Point, ...]:
        """The searched parameters of the points to try first: trial i takes the i-th."""
        return starting_points.read(self.points, self.space)

    def describe(self) -> dict[str, Any]:
        """The spec as plain data, defaults filled in."""
        whole = self.model_dump(mode="json")
        told = {key: value for key, value in whole.items() if value is not None and (value or key not in _UNSAID)}
        if self.objectives:
            del told["objective"]
        if self.repeats == 1:
            del told["repeats"]
        return told

    def digest(self) -> str:
        """A fingerprint, 16 hex digits: equal specs have equal ones, whatever they are called."""
        text = json.dumps(self.describe() | {"name": ""}, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def _slots(self) -> dict[str, Any]:
        return {slot: getattr(self, slot) for slot in SLOTS if getattr(self, slot) is not None}


def raw_spec(where: str | Path, overrides: Sequence[str] = (), name: str | None = None) -> dict[str, Any]:
    """A YAML file or a recipe as plain data, unchecked, with its name and with `key=value` overrides laid over it."""
    path = find_file(where)
    raw = reading.override(reading.read_yaml(path), overrides)
    return {**raw, "name": name or raw.get("name") or path.stem}


def find_file(where: str | Path) -> Path:
    """The YAML file of that path, or the recipe of that name."""
    path, known = Path(where), recipes()
    if os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises when the name is too long)
        return path
    if str(where) in known:
        return RECIPES / f"{where}.yaml"
    hint = plugins.suggestion(path.stem, known)
    raise SpecError([Problem("", f"no such file, and no recipe of that name{hint}")], str(where))


def recipes() -> list[str]:
    """The names of the recipes that come with the platform."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def _with_defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The slots that the spec leaves out: a user's own module brings its loss, its optimizer and perhaps its data."""
    architectures, datasets = (_are_modules(raw.get(slot)) for slot in ("architecture", "dataset"))
    given = {key: value for key, value in raw.items() if value is not None}
    if isinstance(several := given.get("objectives"), list) and several:
        given["objective"] = several[0]
    defaults: dict[str, Any] = {} if any(architectures) else dict(DEFAULTS)
    if given.get("start_from"):
        defaults["transfer"] = "auto"
    if not all(datasets):
        defaults["training"] = {}
    if not any(architectures + datasets) and (found := BY_TASK.get(_task(raw.get("dataset")))):
        defaults["loss"], metric = found
        if isinstance(objective := given.get("objective", {}), Mapping):
            given["objective"] = {"metric": metric, **objective}
    return {**defaults, **given}


def _task(dataset: Any) -> str:
    """What is learned from the data sets, if the same from all; empty if not, or if they are wrong."""
    try:
        branches = Space.read({"dataset": dataset}).slots["dataset"]
        tasks = {cast(Dataset, branch.kind(**branch.first())).task for branch in branches}
    except (Problems, ValidationError):
        return ""
    return tasks.pop() if len(tasks) == 1 else ""


def _are_modules(raw: Any) -> list[bool]:
    """Of each choice in a slot, whether it is a user's own."""
    if isinstance(raw, list):
        return [each for item in raw for each in _are_modules(item)]
    return [isinstance(raw, Mapping) and "module" in raw]


def _slot_problems(raw: Mapping[str, Any]) -> list[Problem]:
    try:
        Space.read({slot: value for slot, value in _with_defaults(raw).items() if slot in SLOTS})
    except Problems as error:
        return list(error.problems)
    return []


def option_problems(section: str, folder: str, raw: Any) -> list[Problem]:
    """What is wrong with a searcher or a scheduler, as a name or {name: {options}}."""
    try:
        _option(folder, raw)
    except plugins.UnknownNameError as error:
        return [Problem(section, str(error))]
    except ValidationError as error:
        name = next(iter(raw))
        return [_problem(entry, f"{section}.{name}", plugins.find(folder, name)) for entry in error.errors()]
    except TypeError as error:
        return [Problem(section, str(error))]
    return []


def _option(folder: str, raw: Any) -> Choice:
    if isinstance(raw, str):
        return plugins.find(folder, raw)()
    if isinstance(raw, Mapping) and len(raw) == 1:
        ((name, options),) = raw.items()
        if options is None or isinstance(options, Mapping):
            return plugins.find(folder, name)(**{str(key): value for key, value in (options or {}).items()})
    raise TypeError(f"must be a name or {{name: {{options}}}}, got {raw!r}")


def _problem(entry: Any, prefix: str = "", model: type[BaseModel] = SweepSpec) -> Problem:
    path = ".".join(str(part) for part in entry["loc"])
    where = ".".join(part for part in (prefix, path) if part)
    if entry["type"] == "extra_forbidden":
        return Problem(where, f"is not a key{plugins.suggestion(entry['loc'][-1], _known(model, entry['loc'][:-1]))}")
    return Problem(where, rule_of(entry))


def _known(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """The keys of the section at a path; a place in a list, or a name of the user's own, leads to no other section."""
    for part in path:
        if field := model.model_fields.get(str(part)):
            model = next(_sections_in(field.annotation), model)
    return list(model.model_fields)


def _sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections_in(inner)


def _cross_problems(spec: SweepSpec) -> list[Problem]:
    """What no single key can know."""
    imported = {
        slot: [issubclass(branch.kind, Imported) for branch in branches] for slot, branches in spec.space.slots.items()
    }
    problems = []
    if not any(imported["architecture"]) and any(imported["dataset"]):
        message = (
            "a LightningDataModule does not tell the shape of its samples: bring a LightningModule of your own too"
        )
        problems.append(Problem("dataset", message))
    if any(imported["architecture"]):
        if not all(imported["architecture"]):
            message = (
                "a module of your own trains itself: it cannot stand in one list with the platform's architectures"
            )
            problems.append(Problem("architecture", message))
        problems += [
            Problem(slot, "is not used: a module of your own brings its own; remove this key")
            for slot in DEFAULTS
            if slot in spec.space.slots
        ]
    elif _learns_targets(spec):
        problems += judging.unknown(spec)
    problems += judging.problems(spec)
    gpus = spec.resources.gpus
    if gpus > 1 and gpus != int(gpus):
        problems.append(Problem("resources.gpus", f"must be a whole number, or a share below 1, got {gpus:g}"))
    problems += _name_problems(spec.name)
    try:
        spec.searcher_choice.check(spec.space)
    except Problems as error:
        problems += error.problems
    problems += _points_problems(spec) + _warm_start_problems(spec) + transfer_rules.problems(spec)
    budget = spec.budget
    problems += spec.scheduler_choice.problems(spec.space, spec.searcher_choice, budget.epochs, budget.trials)
    return problems


def _points_problems(spec: SweepSpec) -> list[Problem]:
    try:
        given = len(spec.first_points) * spec.repeats
    except Problems as error:
        return list(error.problems)
    if given <= spec.budget.trials:
        return []
    asked = f"has {len(spec.first_points)} points" + (f", each {spec.repeats} times" if spec.repeats > 1 else "")
    return [Problem("points", f"{asked}, but budget.trials is {spec.budget.trials}: raise it to {given}")]


def _warm_start_problems(spec: SweepSpec) -> list[Problem]:
    searcher = spec.searcher_choice
    if spec.warm_start is None or searcher.trials(spec.space) is None:
        return []
    message = f"does not go with the searcher {searcher.key()}, which tries a list of points of its own"
    return [Problem("warm_start", f"{message}: remove this key, or choose another searcher")]


def _learns_targets(spec: SweepSpec) -> bool:
    """Whether every network learns targets; others report what their own modules find."""
    kinds = [cast(type[Architecture], branch.kind) for branch in spec.space.slots["architecture"]]
    return all(kind.learning == "supervised" for kind in kinds)


def _name_problems(name: str | None) -> list[Problem]:
    if name is None or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name):
        return []
    return [Problem("name", f"must be 1 to 100 letters, digits, '.', '_' or '-', got {name!r}")]
