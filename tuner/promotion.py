"""Promotion: a confirmed network becomes a version of a registered model, with the evidence, through a gate."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tracking import checkpoints
from tracking.alias_moves import CHAMPION, PREVIOUS
from tracking.records import CheckpointRef, State, SweepRecord, TrialRecord
from tracking.registry import ModelName, Registry, Version
from tracking.repeats import Configuration, standing_for
from tuner import confirmation
from tuner.confirmation import Confirmation, confirmation_of
from tuner.errors import SweepError, UsageError
from tuner.evidence import described, evidence, tags_of
from tuner.gate import objections

if TYPE_CHECKING:
    from tuner.sweep import Sweep


@dataclass(frozen=True)
class Candidate:
    """A network that shall be promoted.

    Attributes:
        sweep: The sweep whose checkpoint it is: the confirmation's, if there was one.
        record: That sweep's.
        trial: The trial.
        checkpoint: The one of its best epoch.
        confirmed: What its configuration reached with fresh seeds.
        confirmation: All of that confirmation.
        doubts: What speaks against it by itself.
    """

    sweep: Sweep
    record: SweepRecord
    trial: TrialRecord
    checkpoint: CheckpointRef
    confirmed: Configuration | None = None
    confirmation: Confirmation | None = None
    doubts: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Promotion:
    """What came of it.

    Attributes:
        version: The version that the alias points to now.
        replaced: The number of the one it pointed to before, if any.
        overridden: What spoke against it, and was overridden by force.
    """

    version: Version
    replaced: int | None
    overridden: Sequence[str] = ()


def promote(
    sweep: Sweep, to: str, *, trial: int | None = None, min_gain: float = 0.0, force: str | None = None
) -> Promotion:
    """Register a sweep's confirmed network as a version of a model, and let an alias point to it.

    Everything is checked before anything is written. The version is made of the logged MLflow model of the checkpoint
    of the best epoch; after a confirmation, of the winner's typical network. Only `champion` has a gate.

    Args:
        sweep: A sweep that is over.
        to: `MODEL@ALIAS`.
        trial: Another trial of the sweep than its winner.
        min_gain: What the objective's mean must gain on the present champion's, in its units.
        force: Why to promote it although the gate refuses, or without a confirmation; kept with the version.

    Raises:
        UsageError: What speaks against it, with the figures; nothing was changed.
        RegistryError: The registry is away, or another promotion came first.
    """
    name = _target(to)
    if force is not None and not force.strip():
        raise UsageError("--force wants the reason, which is kept with the version: --force 'the old one is broken'")
    from tuner.logged import check_experiment, logged_model

    registry = Registry(sweep.home.tracking_uri)
    candidate = find(sweep, trial)
    before = _pointed_to(registry, name)
    card = evidence(candidate)
    if before and before.evidence.get("checkpoint") == card["checkpoint"]:
        return Promotion(before, before.number)
    doubts = [*candidate.doubts, *_objections(name, card, before, min_gain)]
    if doubts and force is None:
        which = f"trial {candidate.trial.number} of {candidate.record.name!r}"
        told = "; ".join(doubts)
        raise UsageError(f"{which} is not promoted to {name}: {told}; to do it all the same: --force 'REASON'")
    check_experiment(registry.uri, candidate.record.name)
    uri, run = logged_model(candidate)
    card["promotion"] = _signed(force if doubts else None, doubts)
    version = registry.register(name.model, uri, run, card)
    registry.describe(version, described(card), tags_of(card))
    registry.point(name.model, str(name.alias), version.number, before.number if before else None)
    checkpoints.pin(candidate.checkpoint, f"{version} in MLflow's registry")
    found = registry.find(ModelName(name.model, version=version.number))
    return Promotion(found, before.number if before else None, doubts)


def rollback(uri: str, name: ModelName) -> Promotion:
    """Let a model's champion be the version that was it before; doing so again goes back.

    Args:
        uri: MLflow's tracking URI.
        name: `MODEL@champion`, or the model alone.
    """
    if name.version is not None or name.alias not in (None, CHAMPION):
        raise UsageError(f"only {CHAMPION} can be rolled back, got {name}: write {name.model}@{CHAMPION}")
    registry = Registry(uri)
    now = registry.find(ModelName(name.model, CHAMPION))
    if not (earlier := [it for it in registry.versions(name.model) if PREVIOUS in it.aliases]):
        raise UsageError(f"{name.model} had no champion before version {now.number}: there is nothing to go back to")
    registry.point(name.model, CHAMPION, earlier[0].number, now.number)
    return Promotion(registry.find(ModelName(name.model, CHAMPION)), now.number)


def find(sweep: Sweep, trial: int | None = None) -> Candidate:
    """The network of a sweep that shall be promoted: its confirmation's winner, or what the trial given has become.

    Raises:
        SweepError: The trial failed, is not over, is unknown, or its checkpoint is damaged or gone.
    """
    from tuner.sweep import Sweep

    record = sweep.record()
    if confirmation.KEY in record.attributes:
        return find(Sweep.open(record.attributes[confirmation.KEY]["sweep"], sweep.home.path), trial)
    if trial is not None:
        _check_trial(record, trial)
    confirmed = confirmation_of(sweep.home, record)
    won = None
    if confirmed:
        won = confirmed.winner if trial is None else confirmed.of_trial(trial)
    if confirmed and won:
        child = Sweep.open(confirmed.sweep, sweep.home.path)
        typical = won.typical()
        return Candidate(child, child.record(), typical, _whole(child.name, typical), won, confirmed)
    chosen = standing_for(record) if trial is None else record.trials[trial]
    if chosen is None:
        raise SweepError(f"{record.name!r} has no result to promote: see `tuner leaderboard {record.name}`")
    doubts = [f"it was not confirmed with fresh seeds: `tuner confirm {record.name}` first"]
    return Candidate(sweep, record, chosen, _whole(record.name, chosen), doubts=doubts)


def _check_trial(record: SweepRecord, number: int) -> None:
    if not 0 <= number < len(record.trials):
        raise SweepError(f"{record.name!r} has no trial {number}: it has {len(record.trials)}, from 0")
    trial = record.trials[number]
    if trial.state is State.FAIL:
        raise SweepError(f"trial {number} of {record.name!r} failed ({trial.cause}): promote another")
    if not trial.state.finished:
        state = trial.state.value.lower()
        raise SweepError(
            f"trial {number} of {record.name!r} is {state}: let it end first: `tuner status {record.name}`"
        )


def _whole(sweep: str, trial: TrialRecord) -> CheckpointRef:
    if not trial.state.finished or trial.checkpoint is None:
        raise SweepError(f"trial {trial.number} of {sweep!r} is not over or has no checkpoint: `tuner resume {sweep}`")
    if not checkpoints.whole(trial.checkpoint):
        what = f"the checkpoint of trial {trial.number} of {sweep!r}, {trial.checkpoint.path}"
        text = f"is gone or not what was written (digest {trial.checkpoint.digest} does not match)"
        raise SweepError(f"{what}, {text}: promote another with --trial")
    return trial.checkpoint


def _target(to: str) -> ModelName:
    name = ModelName.read(to)
    if name.alias is None or name.alias == PREVIOUS:
        wanted = f"{name.model}@{CHAMPION}"
        raise UsageError(f"--to wants a model and an alias other than {PREVIOUS!r}, got {to!r}: write {wanted}")
    return name


def _pointed_to(registry: Registry, name: ModelName) -> Version | None:
    """The version that an alias points to; None where there is no such model or alias yet."""
    if name.model not in registry.models():
        return None
    return next((it for it in registry.versions(name.model) if name.alias in it.aliases), None)


def _objections(name: ModelName, card: Mapping[str, Any], before: Version | None, min_gain: float) -> list[str]:
    if before is None or name.alias != CHAMPION:
        return []
    return objections(card, before.evidence, min_gain)


def _signed(reason: str | None, doubts: Sequence[str]) -> dict[str, Any]:
    """Who promoted it and when; and what they overrode, if they did."""
    signed = {
        "by": f"{getpass.getuser()}@{socket.gethostname()}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return signed | ({"forced": {"reason": reason, "overrode": list(doubts)}} if reason else {})
