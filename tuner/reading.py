"""Reading YAML strictly: numbers as people write them, nothing twice, nothing executed, every error with its line."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from search_spaces.problems import Problem
from tuner.errors import SpecError, cause_of

LARGEST = 1_000_000


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's numbers and booleans, without aliases and without repeated keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (declared so by PyYAML)

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases: a spec needs none, and nested ones can fill the memory."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not read in specs: write the value out",
                problem_mark=self.peek_event().start_mark,
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a single word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} stands twice in one mapping: keep one of them",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Say where a value stands that cannot be read as what it is tagged with."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from error

    def construct_int(self, node: Any) -> int:
        """Decimal, whatever it begins with: PyYAML reads 010 as eight."""
        return int(node.value)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_int)

# YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema); PyYAML reads 1e-4 as text, no as a boolean.
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN"),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first) + ([""] if _tag.endswith("null") else []))


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds one mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError([Problem("", f"cannot be read: {reason}")], str(path)) from error
    if len(text) > LARGEST:
        raise SpecError([Problem("", f"a spec has at most {LARGEST:,} characters, this has {len(text):,}")], str(path))
    found = parse(text, str(path))
    if not isinstance(found, Mapping):
        raise SpecError([Problem("", f"must hold a mapping (key: value), it holds {found!r:.60}")], str(path))
    return dict(found)


def parse(text: str, source: str) -> Any:
    """YAML text as plain data; an error names the line and the column."""
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SpecError([Problem("", f"{where}{error.problem or error.context}")], source) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SpecError([Problem("", f"is not YAML: {cause_of(error)}")], source) from error


def override(raw: Mapping[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """A spec with `dotted.path=value` assignments laid over it; the value is read as YAML."""
    result: dict[str, Any] = {**raw}
    for path, value in _pairs(assignments):
        _put(result, path.split("."), value, path)
    return result


def assigned(assignments: Sequence[str]) -> dict[str, Any]:
    """`key=value` assignments as a mapping, the keys as they are; the value is read as YAML."""
    return dict(_pairs(assignments))


def _pairs(assignments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path:
            raise SpecError([Problem("", f"an override is written key=value, got {assignment!r}")], "command line")
        yield path, parse(text, f"command line: {path}")


def _put(target: dict[str, Any], keys: Sequence[str], value: Any, path: str) -> None:
    head, *rest = keys
    if not rest:
        target[head] = value
        return
    inner = _as_mapping(target.get(head))
    if inner is None:
        message = f"{head} is {target[head]!r}, which has no keys below it: override {head} as a whole"
        raise SpecError([Problem(path, message)], "command line")
    target[head] = inner
    _put(inner, rest, value, path)


def _as_mapping(value: Any) -> dict[str, Any] | None:
    """Lists and names of choices as mappings without settings, so that `architecture.mlp.depth=3` finds its place."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, list) and all(isinstance(item, str | Mapping) and "module" not in item for item in value):
        return {name: settings for item in value for name, settings in (_as_mapping(item) or {}).items()}
    return dict(value) if isinstance(value, Mapping) else None
