"""What the platform remembers: plain, frozen records that every room can read without opening a database."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tracking.goals import Constraint, Goals, Objective, Values

SET_ASIDE = "set_aside"
"""The attribute of a trial that does not lie in the sweep's changed space: why, and what its parameters were."""
ACCEPTED = "accepted_changes"
"""The attribute of a sweep that says when changes of code, packages or data were accepted, and which."""


class State(StrEnum):
    """Where a trial stands; the values are Optuna's own, plus PAUSED for a trial that waits for its next rung."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAIL = "FAIL"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to the trial."""
        return self in (State.COMPLETE, State.PRUNED, State.FAIL)


@dataclass(frozen=True, slots=True)
class CheckpointRef:
    """A whole checkpoint on disk, and the digest that proves it."""

    path: str
    step: int
    digest: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial says after one epoch: its metrics, the seconds it has trained in all, and its checkpoint."""

    step: int
    metrics: Mapping[str, float]
    seconds: float
    checkpoint: CheckpointRef | None = None


@dataclass(frozen=True, slots=True)
class Takeover:
    """A trial went on from another trial's checkpoint, with other settings (population based training).

    Attributes:
        epoch: After which of its epochs; both trials had come to it.
        donor: The other trial.
        params: The searched values from here on, by dotted name.
        choices: The whole configuration from here on, one mapping a slot.
        seconds: How long the trial itself had trained until then.
        checkpoint: The donor's, of that epoch.
    """

    epoch: int
    donor: int
    params: Mapping[str, Any]
    choices: Mapping[str, Mapping[str, Any]]
    seconds: float = 0.0
    checkpoint: CheckpointRef | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Takeover:
        """The inverse of `dataclasses.asdict`."""
        checkpoint = data["checkpoint"]
        return cls(**{**data, "checkpoint": CheckpointRef(**checkpoint) if checkpoint else None})


@dataclass(frozen=True, slots=True)
class Standing:
    """The report that a trial stands for where there is more than one objective: its step and what counts of it.

    Step 0 is what was measured before the first epoch, of a trial that was not trained.
    """

    step: int
    values: Values


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial of a sweep, as the ledger holds it.

    `params` are the searched values by dotted name (`architecture.mlp.width`); `choices` is the whole configuration,
    defaults included, one mapping a slot. `curve` maps each reported step (epoch, from 1) to the objective's value.
    Both are as the trial was drawn: `takeovers` says in order where they changed, `at(step)` gives those of an epoch.
    `standing` is there in sweeps with several objectives or constraints alone.
    """

    number: int
    state: State
    params: Mapping[str, Any]
    choices: Mapping[str, Mapping[str, Any]]
    curve: Mapping[int, float]
    started: datetime | None = None
    finished: datetime | None = None
    cause: str | None = None
    seconds: float = 0.0
    checkpoint: CheckpointRef | None = None
    folder: Path | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    takeovers: Sequence[Takeover] = ()
    standing: Standing | None = None

    @classmethod
    def noted(
        cls,
        *,
        state: State,
        params: Mapping[str, Any],
        curve: Mapping[int, float],
        attributes: Mapping[str, Any],
        **rest: Any,
    ) -> TrialRecord:
        """A trial from what the ledger notes of it: all that Optuna has no field for lies in its attributes."""
        checkpoint, standing = attributes.get("checkpoint"), attributes.get("standing")
        return cls(
            state=State.PAUSED if state is State.RUNNING and attributes.get("paused") else state,
            params=attributes.get(SET_ASIDE, {}).get("params") or dict(params),
            choices=attributes.get("choices", {}),
            curve=dict(sorted(curve.items())),
            cause=attributes.get("cause"),
            seconds=attributes.get("seconds", 0.0),
            checkpoint=CheckpointRef(**checkpoint) if checkpoint else None,
            attributes=dict(attributes),
            standing=Standing(**standing) if standing else None,
            takeovers=tuple(map(Takeover.from_json, attributes.get("takeovers", ()))),
            **rest,
        )

    @property
    def values(self) -> Values:
        """The objectives and constrained metrics that the trial stands for; empty with a single objective."""
        return self.standing.values if self.standing else {}

    @property
    def set_aside(self) -> str:
        """Why the trial does not lie in the sweep's changed space, and so counts no more; empty if it does."""
        return str(self.attributes.get(SET_ASIDE, {}).get("why", ""))

    @property
    def epochs(self) -> int:
        """The last step the trial reported; 0 before its first report."""
        return max(self.curve, default=0)

    def at(self, step: int) -> TrialRecord:
        """The same trial with the params and choices by which it trained, or will train, epoch `step`."""
        before = [takeover for takeover in self.takeovers if takeover.epoch < step]
        return replace(self, params=before[-1].params, choices=before[-1].choices) if before else self

    def at_best(self, objective: Objective) -> TrialRecord:
        """The same trial with the params and choices that gave its best report."""
        best = self.best(objective)
        return self.at(best[0]) if best else self

    def choice(self, slot: str) -> str:
        """The name chosen in a slot: `trial.choice("architecture") == "mlp"`; empty if the sweep has no such slot."""
        return str(self.choices.get(slot, {}).get("name", ""))

    def best(self, objective: Objective) -> tuple[int, float] | None:
        """The step and value of the report that the trial stands for; None without a finite one.

        That is the best one, the earliest of equals; with constraints, the best of those that break none if there are.
        """
        if self.standing:
            value = self.curve.get(self.standing.step)
            return None if value is None else (self.standing.step, value)
        finite = [value for value in self.curve.values() if math.isfinite(value)]
        if not finite:
            return None
        best = max(finite) if objective.mode == "max" else min(finite)
        return min(step for step, value in self.curve.items() if value == best), best


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A whole sweep at one moment: its spec as plain data, and every trial in the order of their numbers."""

    name: str
    folder: Path
    objective: Objective
    spec: Mapping[str, Any]
    trials: Sequence[TrialRecord]
    created: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    further: Sequence[Objective] = ()
    constraints: Sequence[Constraint] = ()

    @classmethod
    def noted(
        cls, name: str, folder: Path, attributes: Mapping[str, Any], trials: Sequence[TrialRecord]
    ) -> SweepRecord:
        """A sweep from what the ledger notes of it as a whole, and its trials."""
        goals = Goals.of(attributes)
        return cls(
            name=name,
            folder=folder,
            objective=goals.leading,
            spec=attributes["spec"],
            trials=trials,
            created=min((trial.started for trial in trials if trial.started), default=None),
            attributes=attributes,
            further=goals.objectives[1:],
            constraints=goals.constraints,
        )

    @property
    def goals(self) -> Goals:
        """All objectives, and the constraints."""
        return Goals((self.objective, *self.further), tuple(self.constraints))

    def data(self, trial: TrialRecord | None = None) -> dict[str, str]:
        """The fingerprint of each data set by its name: as a trial began with it, or as the sweep goes on with it."""
        found: dict[str, str] = dict(self.attributes.get("data", {}))
        if trial:
            for change in reversed(self.attributes.get(ACCEPTED, ())):
                found |= change["data"] if trial.number < change.get("trials", 0) else {}
        return found

    def best(self) -> TrialRecord | None:
        """The trial with the best value so far, unless it failed or breaks a constraint; None without one.

        Of equals the one that is better by the next objective, and at last the lowest number.
        """
        found = [(scores, -trial.number, trial) for trial in self.trials if (scores := self.scores(trial))]
        return max(found, key=lambda entry: entry[:2])[2] if found else None

    def scores(self, trial: TrialRecord) -> tuple[float, ...]:
        """The objectives' values that a trial stands for, higher is better; empty where it cannot be ranked.

        That is one that failed, that breaks a constraint, or that has not reported finite values yet.
        """
        found = trial.best(self.objective)
        if trial.state is State.FAIL or found is None or self.broken(trial):
            return ()
        return (self.objective.score(found[1]), *(it.score(trial.values[it.metric]) for it in self.further))

    def broken(self, trial: TrialRecord) -> list[str]:
        """The constraints that a trial breaks, in words."""
        return self.goals.broken(trial.values) if self.constraints else []


@dataclass(frozen=True, slots=True)
class LeaderboardEntry:
    """One row of a leaderboard."""

    rank: int | None
    trial: int
    state: State
    value: float | None
    step: int | None
    architecture: str
    optimizer: str
    epochs: int
    seconds: float
    cause: str | None
    checkpoint: str | None
    params: Mapping[str, Any]
    values: Values = field(default_factory=dict)
    broken: Sequence[str] = ()
    front: int | None = None
    tied: bool = False
    parameters: float | None = None
    size_mb: float | None = None
    seeds: int | None = None
    mean: float | None = None
    spread: float | None = None
