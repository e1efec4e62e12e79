"""A journal told again without Optuna, many times as fast: for those who only look.

What a study is at the end of its journal is Optuna's to say (`optuna.storages.journal`, `JournalStorageReplayResult`).
This follows its rules for the entries that a sweep's driver writes and gives up on all others: `UnfamiliarError` means
that Optuna has to be asked. Two kinds of entries are most of a journal, a parameter and an epoch's value: they are
recognised whole by their text, so that nobody has to parse them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from tracking import lines

STATES = dict(enumerate(("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")))
"""Optuna's states of a trial by their numbers."""
_OPEN = ("RUNNING", "WAITING")

_HEAD = r'\{"op_code":%d,"worker_id":"[^"\\\x00-\x1f]*+","trial_id":(0|[1-9][0-9]*+),'
_WHOLE = r"-?(?:0|[1-9][0-9]*+)"
_FRACTION = r"(?:\.[0-9]++(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
_VALUE = re.compile(
    _HEAD % 7 + rf'"step":({_WHOLE}),"intermediate_value":({_WHOLE}{_FRACTION})(?:,"{lines.MORE}":1)?\}}'
).fullmatch
_PARAM = re.compile(
    _HEAD % 5 + r'"param_name":"([^"\\\x00-\x1f]*+)",'
    rf'"param_value_internal":({_WHOLE})({_FRACTION})?,("distribution":.*)'
).fullmatch
_DECODE = json.JSONDecoder().raw_decode


class UnfamiliarError(Exception):
    """An entry that only Optuna knows how to take."""


@dataclass(slots=True)
class Study:
    """A study as its journal leaves it."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """What of a parameter's distribution may not differ between trials, by its name."""


@dataclass(slots=True)
class Trial:
    """A trial as its journal leaves it: the values by step, the user's attributes, the rest as in Optuna."""

    number: int
    state: str
    params: dict[str, Any]
    curve: dict[int, float]
    attributes: dict[str, Any]
    started: datetime | None
    finished: datetime | None
    kinds: dict[str, str]
    """Its study's."""


@dataclass(frozen=True, slots=True)
class _Distribution:
    """What a parameter's distribution says of its values: its kind, and how one is read."""

    kind: str
    value: Callable[[Any], Any]


class Replay:
    """The studies of one journal, as far as it was told.

    Args:
        path: The journal's file; errors name it.
    """

    def __init__(self, path: Path) -> None:
        self.studies: dict[int, Study] = {}
        self._path = path
        self._count = 0
        self._begun = 0
        self._trials: dict[int, Trial] = {}
        self._acts: dict[int, Callable[[Mapping[str, Any]], object]] = {
            0: self._create_study,
            1: self._delete_study,
            2: self._set_study_attribute,
            3: lambda _: None,  # what Optuna itself notes of studies and trials, nobody looks at here
            4: self._create_trial,
            5: self._set_param,
            6: self._set_state,
            7: self._set_value,
            8: self._set_attribute,
            9: lambda _: None,
        }

    def tell(self, block: bytes) -> None:
        """Take the journal's next lines.

        Raises:
            JournalError: A line is no entry.
            UnfamiliarError: Optuna has to be asked. After either error the replay is of no use any more.
        """
        updatable = self._updatable
        for at, line in enumerate(self._text(block).split("\n")[:-1], self._count + 1):
            if line.startswith('{"op_code":7,') and (found := _VALUE(line)):
                number, step, value = found.groups()
                if trial := updatable(int(number)):
                    trial.curve[int(step)] = float(value)
            elif line.startswith('{"op_code":5,') and (found := _PARAM(line)) and (known := _recognised(found[5])):
                number, name, whole, fraction, _ = found.groups()
                if trial := updatable(int(number)):
                    _keep(trial, name, float(whole + fraction) if fraction else int(whole), known)
            else:
                self._take(self._entry(line, at))
        self._count += block.count(b"\n")

    def _text(self, block: bytes) -> str:
        try:
            return block.decode()
        except UnicodeDecodeError as error:
            number = self._count + block.count(b"\n", 0, error.start) + 1
            raise lines.damaged(self._path, number, "it is not UTF-8") from error

    def _entry(self, line: str, at: int) -> Any:
        try:
            found, end = _DECODE(line)  # without what `json.loads` allows around an entry: in two thirds of the time
            if end == len(line):
                return found
        except ValueError:
            pass
        return lines.entry(line, at, self._path)

    def _take(self, entry: Mapping[str, Any]) -> None:
        try:
            self._acts[entry["op_code"]](entry)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise UnfamiliarError from error

    def _updatable(self, trial_id: int) -> Trial | None:
        """A trial that is there and not over; Optuna leaves out what comes for another."""
        trial = self._trials.get(trial_id)
        return trial if trial and trial.state in _OPEN else None

    def _create_study(self, entry: Mapping[str, Any]) -> None:
        if all(entry["study_name"] != study.name for study in self.studies.values()):
            self.studies[self._begun] = Study(entry["study_name"])
            self._begun += 1

    def _delete_study(self, entry: Mapping[str, Any]) -> None:
        self.studies.pop(entry["study_id"], None)

    def _set_study_attribute(self, entry: Mapping[str, Any]) -> None:
        if study := self.studies.get(entry["study_id"]):
            study.attributes = study.attributes | entry["user_attr"]

    def _create_trial(self, entry: Mapping[str, Any]) -> None:
        if not (study := self.studies.get(entry["study_id"])):
            return
        trial = Trial(
            number=len(study.trials),
            state=STATES[entry.get("state", 0)],
            params={},
            curve={int(step): value for step, value in entry.get("intermediate_values", {}).items()},
            attributes=entry.get("user_attrs", {}),
            started=_local(entry["datetime_start"]),
            finished=_local(entry.get("datetime_complete")),
            kinds=study.kinds,
        )
        for name, value in entry.get("params", {}).items():
            _keep(trial, name, value, _distribution(entry["distributions"][name]))
        study.trials.append(trial)
        self._trials[len(self._trials)] = trial

    def _set_param(self, entry: Mapping[str, Any]) -> None:
        if trial := self._updatable(entry["trial_id"]):
            _keep(trial, entry["param_name"], entry["param_value_internal"], _distribution(entry["distribution"]))

    def _set_state(self, entry: Mapping[str, Any]) -> None:
        state = STATES[entry["state"]]
        if not (trial := self._updatable(entry["trial_id"])) or state == trial.state == "RUNNING":
            return
        if state == "RUNNING":
            trial.started = _local(entry["datetime_start"])
        if state not in _OPEN:
            trial.finished = _local(entry["datetime_complete"])
        trial.state = state

    def _set_value(self, entry: Mapping[str, Any]) -> None:
        if trial := self._updatable(entry["trial_id"]):
            trial.curve[entry["step"]] = entry["intermediate_value"]

    def _set_attribute(self, entry: Mapping[str, Any]) -> None:
        if trial := self._updatable(entry["trial_id"]):
            trial.attributes |= entry["user_attr"]


def _keep(trial: Trial, name: str, internal: float, known: _Distribution) -> None:
    """Note a parameter's value. Optuna refuses some that differ from the first in kind: let it say which."""
    if trial.kinds.setdefault(name, known.kind) != known.kind:
        raise UnfamiliarError
    trial.params[name] = known.value(internal)


@lru_cache(maxsize=10_000)
def _recognised(rest: str) -> _Distribution | None:
    """The distribution in the rest of a parameter's line, unless there is more in it than that."""
    try:
        found = json.loads("{" + rest)
        return _distribution(found["distribution"]) if found.keys() <= {"distribution", lines.MORE} else None
    except (LookupError, TypeError, ValueError):
        return None


@lru_cache(maxsize=10_000)
def _distribution(text: str) -> _Distribution:
    """From Optuna's `distribution_to_json`."""
    found = json.loads(text)
    attributes = found["attributes"]
    if found["name"] == "CategoricalDistribution":
        choices = attributes["choices"]
        return _Distribution(text, lambda index: choices[int(index)])
    kinds: Mapping[str, Callable[[Any], Any]] = {"FloatDistribution": lambda value: value, "IntDistribution": int}
    return _Distribution(f"{found['name']}, log {attributes['log']}", kinds[found["name"]])


def _local(text: str | None) -> datetime | None:
    """A time in this machine's zone, without naming it, as Optuna gives it."""
    return None if text is None else datetime.fromisoformat(text).astimezone().replace(tzinfo=None)
