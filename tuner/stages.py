"""Several sweeps in a row as one: pretrain, confirm, promote, fine-tune. What is done is not done again.

    stages:
      - {name: pretrain, spec: pretrain.yaml, confirm: {top: 2, seeds: 3}, promote: digits@champion}
      - {name: finetune, spec: {dataset: ...}, start_from: previous, force: "a first try", promote: other@champion}

Every stage is a sweep `NAME-STAGE`, which can be looked at, resumed and compared like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from search_spaces import plugins
from search_spaces.problems import Problem, rule_of
from tracking.registry import ModelName, RegistryError
from tuner import confirmation, promotion, reading
from tuner.errors import SpecError, SweepError
from tuner.home import Home
from tuner.sections import Section
from tuner.spec import SweepSpec, find_file, raw_spec
from tuner.sweep import Sweep

FOLDER = "pipelines"
PIPELINE = "pipeline.json"
"""A pipeline whole, its stages' files read: they may change afterwards."""
PREVIOUS = "previous"
"""In `start_from`: the version that the last stage before this one has promoted."""

Drive = Callable[[Sweep, Callable[..., Sweep]], None]
"""Runs a sweep in a way (`sweep.run` or `sweep.resume`)."""
Say = Callable[[str], None]


class Confirm(Section):
    """How a stage's sweep is confirmed, as `tuner confirm` does."""

    top: Annotated[int, Field(ge=1)] = 3
    """Configurations that are trained again."""
    seeds: Annotated[int, Field(ge=2)] = 5
    """How often each."""


class Stage(Section):
    """One sweep of a pipeline, and what becomes of its best network."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.]{0,40}$")]
    """A word; the sweep is called PIPELINE-NAME."""
    spec: dict[str, Any]
    """The sweep: in a file, the path of a YAML file or a recipe's name will do."""
    start_from: str | None = None
    """`previous`, or MODEL@ALIAS; fresh weights otherwise."""
    confirm: Confirm | None = None
    """Confirm the best configurations with fresh seeds."""
    promote: str | None = None
    """MODEL@ALIAS: what the best network becomes."""
    force: Annotated[str, Field(min_length=1)] | None = None
    """Why to promote without a confirmation, or against the gate."""

    def __str__(self) -> str:
        parts = [
            f"starts from {self.start_from}" if self.start_from else "",
            f"confirmed: the best {self.confirm.top} with {self.confirm.seeds} seeds each" if self.confirm else "",
            f"promoted to {self.promote}" if self.promote else "",
        ]
        return "; ".join(part for part in parts if part) or "a sweep"

    @model_validator(mode="after")
    def _can_be_promoted(self) -> Stage:
        if self.promote and not (self.confirm or self.force):
            raise ValueError("promote needs confirm: {top: 3, seeds: 5}, or force: REASON to go without")
        return self


class Pipeline(Section):
    """The stages, in order."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,50}$")]
    """What it is called; the file's name otherwise."""
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    """One sweep after the other."""

    @classmethod
    def load(cls, where: str | Path, overrides: Sequence[str] = (), name: str | None = None) -> Pipeline:
        """From a YAML file; the stages' own files are looked for beside it."""
        return cls.read(raw_spec(where, overrides, name), find_file(where).parent, str(where))

    @classmethod
    def read(cls, raw: Mapping[str, Any], base: Path, source: str = "pipeline") -> Pipeline:
        """From plain data; raises `SpecError` with everything that is wrong, in every stage.

        Args:
            raw: Like the file.
            base: The folder from which the stages' files are named.
            source: What it is called in errors.
        """
        try:
            found = cls.model_validate({**raw, "stages": _inline(raw.get("stages"), base)})
        except ValidationError as error:
            raise SpecError([_problem(entry) for entry in _causes(error)], source) from error
        if problems := [problem for place in range(len(found.stages)) for problem in found._problems(place)]:
            raise SpecError(problems, source)
        return found

    @classmethod
    def open(cls, name: str, home: Home) -> Pipeline:
        """One that was begun."""
        return cls.model_validate_json((_folder(home, name) / PIPELINE).read_text(encoding="utf-8"))

    def plan(self) -> str:
        """What it will do, a line a stage."""
        return "\n".join(f"{self.name}-{stage.name}: {stage}" for stage in self.stages)

    def begin(self, home: Home, drive: Drive, say: Say = print) -> None:
        """Run a new one; one of that name that exists is refused."""
        home.make()
        if begun(self.name, home):
            text = f"continue it with `tuner resume {self.name}`, or start another with `--name`"
            raise SweepError(f"a pipeline named {self.name!r} exists in {home.path}: {text}")
        for stage in self.stages:
            home.check_free(f"{self.name}-{stage.name}")
        _folder(home, self.name).mkdir(parents=True, exist_ok=True)
        _write(_folder(home, self.name) / PIPELINE, self.model_dump_json(indent=1))
        self.run(home, drive, say)

    def run(self, home: Home, drive: Drive, say: Say = print, **resuming: Any) -> None:
        """Go on with it where it stood, until its end or until a sweep is interrupted.

        Args:
            home: Where everything lies.
            drive: Runs each stage's sweep.
            say: Is told what is done.
            resuming: As for `Sweep.resume`.
        """
        progress = Progress.read(_folder(home, self.name) / "progress.json")
        whole = partial(_drive, drive, home, resuming)
        for stage in self.stages:
            if stage.name not in progress.done and not self._take(stage, home, whole, progress):
                return
            say(f"{self.name}-{stage.name}: done{_promoted(progress.done[stage.name])}")

    def _take(self, stage: Stage, home: Home, whole: Callable[[Sweep], bool], progress: Progress) -> bool:
        """One stage; whether it came to its end. Whatever a kill cuts short is done again without doing harm."""
        sweep = self._sweep(stage, home, progress)
        if not whole(sweep):
            return False
        if stage.confirm and not whole(confirmation.prepare(sweep, stage.confirm.top, stage.confirm.seeds)):
            return False
        promoted = promotion.promote(sweep, stage.promote, force=stage.force).version if stage.promote else None
        progress.note(stage.name, str(promoted) if promoted else None)
        return True

    def _sweep(self, stage: Stage, home: Home, progress: Progress) -> Sweep:
        name = f"{self.name}-{stage.name}"
        if name in home.names():
            return Sweep.open(name, home.path)
        start = progress.latest if stage.start_from == PREVIOUS else stage.start_from
        return Sweep({**stage.spec, **({"start_from": start} if start else {})}, name=name, home=home.path)

    def _problems(self, place: int) -> Iterator[Problem]:
        """What is wrong with a stage that it cannot know by itself."""
        stage, where = self.stages[place], f"stages.{place + 1}"
        if [it.name for it in self.stages].index(stage.name) != place:
            yield Problem(f"{where}.name", f"{stage.name!r} is taken by an earlier stage; give every stage its own")
        if stage.start_from == PREVIOUS and not any(it.promote for it in self.stages[:place]):
            yield Problem(f"{where}.start_from", "previous needs a stage before this one that promotes its network")
        if "start_from" in stage.spec:
            yield Problem(f"{where}.spec.start_from", "belongs beside spec, not into it")
        for name in (stage.promote, stage.start_from):
            yield from _name_problems(where, name)
        yield from _spec_problems(where, stage)


@dataclass
class Progress:
    """Which stages are done, and what they have promoted; kept in a file beside the pipeline."""

    file: Path
    done: dict[str, str | None]

    @classmethod
    def read(cls, file: Path) -> Progress:
        """That of a pipeline; none is done where there is no file yet."""
        return cls(file, json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {})

    @property
    def latest(self) -> str | None:
        """The version that was promoted last."""
        return next((version for version in reversed(self.done.values()) if version), None)

    def note(self, stage: str, promoted: str | None) -> None:
        """A stage is done."""
        self.done[stage] = promoted
        _write(self.file, json.dumps(self.done, indent=1))


def begun(name: str, home: Home) -> bool:
    """Whether there is a pipeline of that name."""
    return (_folder(home, name) / PIPELINE).is_file()


def _drive(drive: Drive, home: Home, resuming: Mapping[str, Any], sweep: Sweep) -> bool:
    """Run a sweep, or go on with it; whether it came to its end."""
    drive(sweep, partial(sweep.resume, **resuming) if sweep.name in home.names() else sweep.run)
    return not sweep.interrupted


def _promoted(version: str | None) -> str:
    return f", promoted as {version}" if version else ""


def _folder(home: Home, name: str) -> Path:
    return home.path / FOLDER / name


def _write(file: Path, text: str) -> None:
    """Whole, or not at all."""
    unfinished = file.with_suffix(".tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


def _inline(stages: Any, base: Path) -> Any:
    """The stages with what their files say in the place of their names."""
    if not isinstance(stages, list):
        return stages
    return [{**it, "spec": _whole(it["spec"], base)} if _has_spec(it) else it for it in stages]


def _has_spec(stage: Any) -> bool:
    return isinstance(stage, Mapping) and "spec" in stage


def _whole(spec: Any, base: Path) -> Any:
    if not isinstance(spec, str):
        return spec
    beside = base / spec
    return reading.read_yaml(beside if beside.is_file() else find_file(spec))


def _name_problems(where: str, name: str | None) -> Iterator[Problem]:
    if name in (None, PREVIOUS):
        return
    try:
        ModelName.read(str(name))
    except RegistryError as error:
        yield Problem(where, str(error))


def _spec_problems(where: str, stage: Stage) -> Iterator[Problem]:
    """What is wrong with a stage's sweep; for one whose network is still to be found, a stand-in is looked at."""
    stand_in = {"start_from": "later", "architecture": "linear"} if stage.start_from else {}
    try:
        SweepSpec.read({**stage.spec, **stand_in})
    except SpecError as error:
        for problem in error.problems:
            yield Problem(f"{where}.spec.{problem.path}".rstrip("."), problem.message)


def _causes(error: ValidationError) -> list[Any]:
    """Without the complaint that no stage is left, when that is so because every one has its own."""
    found = error.errors()
    return [entry for entry in found if entry["type"] != "too_short"] or list(found)


def _problem(entry: Any) -> Problem:
    where = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in entry["loc"])
    if entry["type"] == "extra_forbidden":
        known = Stage.model_fields if "stages" in entry["loc"] else Pipeline.model_fields
        return Problem(where, f"is not a key{plugins.suggestion(entry['loc'][-1], known)}")
    return Problem(where, rule_of(entry))
