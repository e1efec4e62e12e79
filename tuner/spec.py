"""The spec of a sweep: read whole, checked whole, every problem at once."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from search_spaces import plugins
from search_spaces.choice import Architecture, Choice, Dataset
from search_spaces.imported import Imported
from search_spaces.problems import Problem, Problems, rule_of
from search_spaces.space import SLOTS, Space
from tracking.records import Mode, Objective
from tuner import reading
from tuner.errors import SpecError
from tuner.schedulers import Scheduler
from tuner.searchers import Searcher

RECIPES = Path(__file__).parent.parent / "search_spaces" / "recipes"
REPORTED = (
    "val/loss",
    *(
        f"val/{name}"
        for name in ("accuracy", "precision", "recall", "f1", "auroc", "perplexity", "mse", "rmse", "mae", "r2")
    ),
    "train/loss",
    "train/accuracy",
)
"""What the platform's own module reports, on one task or another."""

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


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class ObjectiveSpec(_Section):
    """What the sweep is judged by."""

    metric: str = "val/accuracy"
    """A metric that every trial reports; val/accuracy by default, or val/mse where numbers are learned."""
    mode: Mode | None = None
    """max or min; by default min for a metric whose name speaks of loss or error, else max."""

    def resolved(self) -> Objective:
        """The objective with its direction."""
        smaller = re.search(r"loss|error|mse|mae|rmse|perplexity|distance|bound|kl", self.metric)
        return Objective(self.metric, self.mode or ("min" if smaller else "max"))


class Budget(_Section):
    """When a sweep is over: at the first of these."""

    trials: Annotated[int, Field(gt=0)] = 24
    """Trials in all."""
    epochs: Annotated[int, Field(gt=0)] = 20
    """Epochs of one trial at most."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """After so many minutes no new trial starts, and running ones end with their epoch."""


class Resources(_Section):
    """What one trial is given, and how many run at once."""

    cpus: Annotated[int, Field(gt=0)] = 1
    """CPUs a trial, and so its threads."""
    gpus: Annotated[float, Field(ge=0)] = 0
    """GPUs a trial; a fraction lets several trials share one."""
    workers: Annotated[int, Field(gt=0)] | None = None
    """Trials at once; by default as many as fit."""


class SweepSpec(_Section):
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
    objective: ObjectiveSpec = ObjectiveSpec()
    searcher: Any = "bayesian"
    """Which points are tried: a name, or {name: {options}}."""
    scheduler: Any = "asha"
    """Which trials go on: a name, or {name: {options}}."""
    budget: Budget = Budget()
    resources: Resources = Resources()
    seed: Annotated[int, Field(ge=0)] = 0
    """The same seed draws the same trials."""

    @classmethod
    def read(cls, raw: Mapping[str, Any], source: str = "spec") -> SweepSpec:
        """A spec from plain data; raises `SpecError` with everything that is wrong."""
        problems: list[Problem] = []
        try:
            spec = cls.model_validate(_with_defaults(raw))
        except ValidationError as error:
            problems += [_problem(entry) for entry in error.errors()]
            spec = None
        problems += _slot_problems(raw)
        for section, folder in (("searcher", "tuner.searchers"), ("scheduler", "tuner.schedulers")):
            given = raw.get(section)
            problems += _option_problems(section, folder, cls.model_fields[section].default if given is None else given)
        if spec is not None and not problems:
            problems += _cross_problems(spec)
        if problems or spec is None:
            raise SpecError(list(dict.fromkeys(problems)), source)
        return spec

    @classmethod
    def load(cls, where: str | Path, overrides: Sequence[str] = (), name: str | None = None) -> SweepSpec:
        """A spec from a YAML file or a recipe's name, with `key=value` overrides laid over it."""
        path = find_file(where)
        raw = reading.override(reading.read_yaml(path), overrides)
        raw["name"] = name or raw.get("name") or path.stem
        return cls.read(raw, str(where))

    @cached_property
    def space(self) -> Space:
        """Everything that may vary."""
        return Space.read(self._slots())

    @cached_property
    def searcher_choice(self) -> Searcher:
        """The searcher with its options."""
        return cast(Searcher, _option("tuner.searchers", self.searcher))

    @cached_property
    def scheduler_choice(self) -> Scheduler:
        """The scheduler with its options."""
        return cast(Scheduler, _option("tuner.schedulers", self.scheduler))

    @property
    def trials(self) -> int:
        """How many trials there will be: the budget, or the whole grid if that is smaller."""
        return min(self.budget.trials, self.searcher_choice.trials(self.space) or self.budget.trials)

    def describe(self) -> dict[str, Any]:
        """The spec as plain data, defaults filled in."""
        return {key: value for key, value in self.model_dump(mode="json").items() if value is not None}

    def digest(self) -> str:
        """A fingerprint, 16 hex digits: equal specs have equal ones, whatever they are called."""
        text = json.dumps(self.describe() | {"name": ""}, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def _slots(self) -> dict[str, Any]:
        return {slot: getattr(self, slot) for slot in SLOTS if getattr(self, slot) is not None}


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
    defaults: dict[str, Any] = {} if any(architectures) else dict(DEFAULTS)
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


def _option_problems(section: str, folder: str, raw: Any) -> list[Problem]:
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
    for part in path:
        found = model.model_fields[str(part)].annotation
        if isinstance(found, type) and issubclass(found, BaseModel):
            model = found
    return list(model.model_fields)


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
    elif _learns_targets(spec) and spec.objective.metric not in REPORTED:
        hint = plugins.suggestion(spec.objective.metric, REPORTED)
        problems.append(Problem("objective.metric", f"{spec.objective.metric!r} is never reported{hint}"))
    gpus = spec.resources.gpus
    if gpus > 1 and gpus != int(gpus):
        problems.append(Problem("resources.gpus", f"must be a whole number, or a share below 1, got {gpus:g}"))
    problems += _name_problems(spec.name)
    try:
        spec.searcher_choice.check(spec.space)
    except Problems as error:
        problems += error.problems
    return problems


def _learns_targets(spec: SweepSpec) -> bool:
    """Whether every network learns targets; others report what their own modules find."""
    kinds = [cast(type[Architecture], branch.kind) for branch in spec.space.slots["architecture"]]
    return all(kind.learning == "supervised" for kind in kinds)


def _name_problems(name: str | None) -> list[Problem]:
    if name is None or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name):
        return []
    return [Problem("name", f"must be 1 to 100 letters, digits, '.', '_' or '-', got {name!r}")]
