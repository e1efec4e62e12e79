"""Confirmation: the best configurations of a sweep are trained again with fresh seeds, to tell skill from luck.

The best value of many noisy ones is too good: it was chosen for being high. Fresh seeds are not chosen, so their mean
is an honest estimate of what the configuration reaches on the validation part (J. Demsar, Statistical comparisons of
classifiers over multiple data sets, JMLR 7, 2006, and X. Bouthillier et al., Accounting for variance in machine
learning benchmarks, MLSys 2021, on which differences between such means count).

A confirmation is a sweep of its own, `NAME-confirm`, which resumes like any other. All configurations share the same
seeds, so that they are compared in pairs. The test part is read at its end, once, with the winner's typical network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracking.intervals import Difference, paired
from tracking.lines import LedgerError
from tracking.onlooker import Onlooker
from tracking.records import Objective, SweepRecord
from tracking.repeats import Configuration, configurations
from tuner.errors import SweepError
from tuner.expected import Expected, expected
from tuner.home import Home
from tuner.seeds import seed_of
from tuner.spec import SweepSpec

if TYPE_CHECKING:
    from tuner.sweep import Sweep

KEY = "confirms"
"""What a confirmation notes of the sweep that it confirms."""


@dataclass(frozen=True)
class Confirmation:
    """What came of training configurations again.

    Attributes:
        sweep: The name of the sweep that did it.
        of: The name of the sweep that they are from.
        objective: What they are compared by, on the validation part.
        ranked: The configurations, by their means, the best first; those without any value are left out.
        trials: The trial of the confirmed sweep that each was, by its place.
        test: The metrics of the winner's typical network on the test part, read once; empty before.
        expected: Where the metric of such a network on the test part was to be expected; or why that is not known.
        over: Whether all trainings are done.
    """

    sweep: str
    of: str
    objective: Objective
    ranked: tuple[Configuration, ...]
    trials: Mapping[int, int]
    test: Mapping[str, float]
    expected: Expected
    over: bool

    @property
    def winner(self) -> Configuration:
        """The configuration with the best mean."""
        return self.ranked[0]

    def trial(self, configuration: Configuration) -> int:
        """The trial of the confirmed sweep that a configuration was."""
        return self.trials[configuration.place]

    def against(self, other: Configuration) -> Difference:
        """How far the winner's mean is above another's, in pairs of the same seed."""
        return paired(self.winner.values, other.values)

    def of_trial(self, number: int) -> Configuration | None:
        """What came of a trial of the confirmed sweep; None if it was not among the confirmed ones."""
        return next((it for it in self.ranked if self.trial(it) == number), None)

    def verdict(self) -> str:
        """Whether the winner is one: in a sentence."""
        if len(self.ranked) == 1:
            return f"trial {self.trial(self.winner)} is the only one that was trained again"
        second = self.ranked[1]
        difference = self.against(second)
        told = f"from #2, trial {self.trial(second)}: {difference}"
        better = "better by a clear difference" if difference.clear else "not distinguishable"
        return f"trial {self.trial(self.winner)} is {better} {told}"


def confirm(sweep: Sweep, top: int = 3, seeds: int = 5, **how: Any) -> Confirmation:
    """Train the best `top` configurations of a sweep again with `seeds` fresh seeds each; what was done is not redone.

    Args:
        sweep: One that is over.
        top: How many configurations.
        seeds: How often each is trained.
        how: As for `Sweep.run`.

    Raises:
        SweepError: The sweep is not over, has no result, or its best trial cannot be trained again as one point.
    """
    child = prepare(sweep, top, seeds)
    (child.resume if begun(child) else child.run)(**how)
    return read(child.record())


def begun(child: Sweep) -> bool:
    """Whether a sweep from `prepare` exists already."""
    return child.name in child.home.names()


def prepare(sweep: Sweep, top: int, seeds: int) -> Sweep:
    """The sweep that confirms another, begun or not; `confirm` runs it."""
    from tuner.sweep import Sweep

    if seeds < 2:
        raise SweepError(f"an interval needs at least 2 seeds, got {seeds}: `tuner confirm {sweep.name} --seeds 5`")
    record = sweep.record()
    if KEY in record.attributes:
        raise SweepError(f"{sweep.name!r} is a confirmation itself: confirm {record.attributes[KEY]['sweep']!r}")
    found = _best(record, top)
    facts = {"sweep": sweep.name, "id": record.attributes.get("id"), "seeds": seeds}
    facts["trials"] = [configuration.typical().number for configuration in found]
    for attempt, name in enumerate(_names(sweep.name)):
        noted = _noted(sweep.home, name)
        if noted == facts:
            return Sweep.open(name, sweep.home.path)
        if noted is None:
            child = Sweep(_spec(sweep.spec, record, found, seeds, attempt), name=name, home=sweep.home.path)
            child.facts[KEY] = facts
            return child
    raise AssertionError("names do not end")


def confirmation_of(home: Home, record: SweepRecord) -> Confirmation | None:
    """The newest confirmation of a sweep that is over; None if there is none."""
    newest = None
    for name in _names(record.name):
        noted = _noted(home, name)
        if noted is None:
            return newest
        if noted.get("id") == record.attributes.get("id"):
            found = Onlooker(home.sweep(name)).record()
            newest = read(found) if found.attributes.get("ended") and configurations(found) else newest
    return newest


def read(record: SweepRecord) -> Confirmation:
    """What a sweep that confirms another has found so far."""
    noted = record.attributes[KEY]
    ranked = tuple(configurations(record))
    if not ranked:
        raise SweepError(f"{record.name!r} has no result: every training failed, see `tuner leaderboard {record.name}`")
    judged = record.attributes.get("test", {})
    typical = ranked[0].typical()
    if typical.checkpoint is None or judged.get("checkpoint") != typical.checkpoint.digest:
        judged = {}
    return Confirmation(
        sweep=record.name,
        of=noted["sweep"],
        objective=record.objective,
        ranked=ranked,
        trials=dict(enumerate(noted["trials"])),
        test=judged.get("metrics", {}),
        expected=expected(record.objective.metric, ranked[0], judged),
        over=bool(record.attributes.get("ended")),
    )


def _best(record: SweepRecord, top: int) -> list[Configuration]:
    if not record.attributes.get("ended"):
        raise SweepError(f"{record.name!r} is not over: `tuner resume {record.name}` first, or `tuner stop` it")
    found = configurations(record)[:top]
    if not found:
        raise SweepError(f"{record.name!r} has no trial that can be confirmed: all failed or broke a constraint")
    for trial in (configuration.typical() for configuration in found):
        if trial.takeovers:
            donor = trial.takeovers[0].donor
            text = f"trial {trial.number} of {record.name!r} went on as a copy of trial {donor}"
            raise SweepError(f"{text}: settings that changed on the way cannot be trained again as one configuration")
    return found


def _spec(spec: SweepSpec, record: SweepRecord, found: list[Configuration], seeds: int, attempt: int) -> dict[str, Any]:
    """The same sweep with these points alone, each trained to its last epoch with so many seeds."""
    described = spec.describe()
    for left_out in ("warm_start", "points"):
        described.pop(left_out, None)
    for aim in (described.get("objective"), *(described.get("objectives") or ())):
        if aim:
            aim.pop("target", None)
    points = [dict(configuration.params) for configuration in found]
    return described | {
        **({"points": points} if all(points) else {}),
        "searcher": "random",
        "scheduler": "none",
        "budget": {"trials": len(found) * seeds, "epochs": spec.budget.epochs},
        "repeats": seeds,
        "seed": seed_of(spec.seed, "confirm", record.name, attempt),
    }


def _names(sweep: str) -> Iterator[str]:
    """`digits-confirm`, `digits-confirm-2`, and so on."""
    yield f"{sweep}-confirm"
    number = 2
    while True:
        yield f"{sweep}-confirm-{number}"
        number += 1


def _noted(home: Home, name: str) -> Mapping[str, Any] | None:
    """What the sweep of that name says that it confirms; None if there is no such sweep, empty if it confirms none."""
    if name not in home.names():
        return None
    with suppress(LedgerError):
        found: Mapping[str, Any] = Onlooker(home.sweep(name)).record().attributes.get(KEY, {})
        return found
    return {}
