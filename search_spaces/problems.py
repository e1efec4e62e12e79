"""What is wrong with an input: all of it at once, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the key's dotted path, and the rule with the value given and the remedy."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Problems(ValueError):  # noqa: N818 (it reads as what it is: a list of problems)
    """Everything that is wrong with an input."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def rule_of(entry: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says, with the value given."""
    if entry["type"] == "missing":
        return "must be given"
    if entry["type"] == "value_error":  # a rule of our own, which names its values itself
        return str(entry["ctx"]["error"])
    return f"{entry['msg'][0].lower()}{entry['msg'][1:]}, got {entry['input']!r:.80}"
