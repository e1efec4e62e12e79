"""Recorded tasks: trainings that somebody else has done, whose curves are replayed instead of trained.

A folder of recorded tasks holds a `loader.py` with

    names()      the names of its tasks
    load(name)   a task

and a task has

    .space            {hyperparameter: {type: float, int, cat or ord; low, high, log, or choices; when}}
    .R                how many levels of training are recorded
    .curve(config)    the value at each level, NaN where the training diverged
    .cost(config)     what each level has cost by then, in all: seconds, if they are known
    .maximize         whether more is better
    .ref              optional: {"best": the best known value, "q50": that of a median random configuration}
    .levels           optional: how much training each level is; 1, 2, ..., R otherwise

`when` is a list of (parent, its values) that must all hold for the hyperparameter to exist.

The loader is code of its user's own, and is run: open only folders whose loader you trust.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from search_spaces import plugins
from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from tracking.records import Objective
from tuner.errors import UsageError, cause_of

LOADER = "loader.py"
METRIC = "value"
"""What a replayed trial reports."""
NUMBERS: Mapping[str, type[int] | type[float]] = {"float": float, "int": int}


@dataclass(frozen=True)
class RecordedTask:
    """One task whose trainings are recorded.

    Attributes:
        name: As the loader calls it.
        recording: What the loader gave.
    """

    name: str
    recording: Any

    @cached_property
    def space(self) -> FlatSpace:
        """What may vary, under the task's own names."""
        settings: Mapping[str, Mapping[str, Any]] = self.recording.space
        dimensions = {name: self._dimension(name, given) for name, given in settings.items()}
        when = {
            name: [(parent, tuple(values)) for parent, values in given["when"]]
            for name, given in settings.items()
            if given.get("when")
        }
        return FlatSpace(dimensions, when)

    @property
    def objective(self) -> Objective:
        """What the task is judged by."""
        return Objective(METRIC, "max" if self.maximize else "min")

    @property
    def maximize(self) -> bool:
        """Whether more is better."""
        return bool(self.recording.maximize)

    @property
    def ref(self) -> Mapping[str, float] | None:
        """The best known value and the median random one, if the task knows them."""
        return getattr(self.recording, "ref", None)

    @cached_property
    def levels(self) -> list[float]:
        """How much training each recorded level is, in the task's own measure."""
        given = getattr(self.recording, "levels", None)
        return [float(level) for level in (range(1, self.recording.R + 1) if given is None else given)]

    @cached_property
    def shares(self) -> list[float]:
        """The share of a whole training that each level is; the last is 1."""
        return [level / self.levels[-1] for level in self.levels]

    @cached_property
    def epochs(self) -> list[int]:
        """The epoch in which each level is reported.

        Levels that are multiples of the first are told as such (1/27, 1/9, 1/3, 1 of the data as 1, 3, 9, 27), so that
        schedulers know what a level costs; others are counted 1, 2, 3, ...
        """
        multiples = [level / self.levels[0] for level in self.levels]
        if all(abs(it - round(it)) < 1e-3 * it for it in multiples):
            return [round(it) for it in multiples]
        return list(range(1, len(self.levels) + 1))

    def curve(self, config: Mapping[str, Any]) -> Sequence[float]:
        """The value at each level."""
        return [float(value) for value in self.recording.curve(dict(config))]

    def cost(self, config: Mapping[str, Any]) -> Sequence[float]:
        """What each level has cost by then, in all: simulated seconds."""
        return [float(seconds) for seconds in self.recording.cost(dict(config))]

    def _dimension(self, name: str, given: Mapping[str, Any]) -> Between | Among:
        if given["type"] in ("cat", "ord"):
            return Among(*given["choices"])
        if given["type"] not in NUMBERS:
            kinds = ", ".join((*NUMBERS, "cat", "ord"))
            raise UsageError(f"task {self.name!r}: {name} has the type {given['type']!r}, must be one of {kinds}")
        kind = NUMBERS[given["type"]]
        low, high = kind(given["low"]), kind(given["high"])
        return Between(low, high, log=bool(given.get("log", False))) if low < high else Among(low)


def names(folder: Path) -> list[str]:
    """The names of the tasks in a folder."""
    return list(_loader(folder).names())


def load(folder: Path, name: str) -> RecordedTask:
    """A task of a folder; raises `UsageError` if the folder, its loader or the task is missing, or cannot be read."""
    loader = _loader(folder)
    if name not in (known := list(loader.names())):
        raise UsageError(f"{folder} has no task {name!r}{plugins.suggestion(name, known)}")
    with _in_one_line(f"the task {name!r} of {folder} cannot be read"):
        return RecordedTask(name, loader.load(name))


def _loader(folder: Path) -> ModuleType:
    path = (folder / LOADER).absolute()
    if not path.is_file():
        raise UsageError(f"no recorded tasks in {folder}: such a folder holds a {LOADER} with names() and load(name)")
    key = f"recorded:{path}"
    if key not in sys.modules:
        sys.modules[key] = _executed(path, key)
    return sys.modules[key]


def _executed(path: Path, key: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(key, path)
    assert spec is not None and spec.loader is not None  # the file exists, and its name ends in .py
    module = importlib.util.module_from_spec(spec)
    with _in_one_line(f"{path} cannot be run"):
        spec.loader.exec_module(module)
    if missing := [name for name in ("names", "load") if not callable(getattr(module, name, None))]:
        raise UsageError(f"{path} must define names() and load(name), it has no {missing[0]}()")
    return module


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    """Whatever a user's own code raises, as one line; of a missing package with how to install it."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f'{what}: {cause_of(error)}; pip install "sweepforge[bench]"') from error
    except Exception as error:
        raise UsageError(f"{what}: {cause_of(error)}") from error
