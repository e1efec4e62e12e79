"""What an earlier sweep has for a new one: points as far as they lie in its space, and trials that lie there whole.

A point is of use wherever its parameters exist. A trial's values count only where they would have come out the same:
with the same data, objective and epochs, and of a training that the new space could have drawn just so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from search_spaces.dimensions import Fixed
from search_spaces.space import Branch, Point, Space
from tracking.goals import Objective
from tracking.records import State, SweepRecord, TrialRecord
from tuner.starting_points import as_drawn, fits

if TYPE_CHECKING:
    from tuner.spec import SweepSpec

Choices = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Offer:
    """What one earlier sweep has, and why not more.

    Attributes:
        sweep: Its name.
        points: The points of its best trials in the new space, whole or in part, best first.
        trials: What may count as seen, best first: `params`, the `curve` as pairs of epoch and value, the `state` in
            which it counts, and the best `value` if that is COMPLETE.
        no_points: Why there are no points; empty if there are.
        no_trials: Why there are no trials; empty if there are.
    """

    sweep: str
    points: Sequence[Point] = ()
    trials: Sequence[Mapping[str, Any]] = ()
    no_points: str = ""
    no_trials: str = ""


@dataclass(frozen=True)
class Fit:
    """How far a training lies in a space: the parameters that do, and how many such a point has there."""

    point: Point
    parameters: int

    @property
    def usable(self) -> bool:
        """Whether half of it fits: with less, little is left of what made it good."""
        return bool(self.point) and 2 * len(self.point) >= self.parameters


def offer_of(record: SweepRecord, spec: SweepSpec, digests: Mapping[str, str]) -> Offer:
    """What an earlier sweep has for a new one, read as it stands.

    Args:
        record: The earlier sweep.
        spec: The new one.
        digests: The fingerprint of each of the new sweep's data sets, by name.
    """
    ranked = [fit_of(trial.choices, spec.space) for trial in _ranked(record)]
    points = [found.point for found in ranked if found.usable]
    unique = [point for place, point in enumerate(points) if point not in points[:place]]
    no_trials = _doubt(record, spec, digests)
    trials = [] if no_trials else _seen(record, spec.space, digests)
    if not (trials or no_trials):
        no_trials = "none that reported lies whole in this space"
    return Offer(record.name, unique, trials, "" if unique else _unfit(ranked), no_trials)


def fit_of(choices: Choices, space: Space) -> Fit:
    """A trial's choices as far as they are searched in a space; its fixed settings count like those it searched."""
    point: Point = {}
    parameters = 0
    for slot, branches in space.slots.items():
        chosen = choices.get(slot, {})
        branch = _chosen(branches, chosen)
        parameters += (len(branches) > 1) + len((branch or branches[0]).searched)
        if branch and len(branches) > 1:
            point[slot] = branch.name
        point |= _settings(branch, chosen) if branch else {}
    return Fit(point, parameters)


def whole(choices: Choices, space: Space) -> Point | None:
    """The point by which a space would draw just these choices, fixed settings and all; None if it cannot."""
    found = fit_of(choices, space)
    if len(found.point) < found.parameters or set(choices) != set(space.slots):
        return None
    for slot, branches in space.slots.items():
        branch = _chosen(branches, choices[slot])
        if branch is None or _described(branch, found.point) != choices[slot]:
            return None
    return found.point


def _chosen(branches: Sequence[Branch], chosen: Mapping[str, Any]) -> Branch | None:
    return next((branch for branch in branches if branch.name == chosen.get("name")), None)


def _settings(branch: Branch, chosen: Mapping[str, Any]) -> Point:
    return {
        branch.parameter(name): as_drawn(dimension, chosen[name])
        for name, dimension in branch.dimensions.items()
        if not isinstance(dimension, Fixed) and name in chosen and fits(dimension, chosen[name])
    }


def _described(branch: Branch, point: Point) -> dict[str, Any] | None:
    values = {
        name: dimension.value if isinstance(dimension, Fixed) else point[branch.parameter(name)]
        for name, dimension in branch.dimensions.items()
    }
    try:
        return branch.kind(**values).describe()
    except ValidationError:  # what is fixed here does not go with the rest
        return None


def _ranked(record: SweepRecord) -> list[TrialRecord]:
    """The trials with a result, best first, each with what it had been trained with by then."""
    found = [(scores, -trial.number, trial) for trial in record.trials if (scores := record.scores(trial))]
    found.sort(key=lambda entry: entry[:2], reverse=True)
    return [trial.at_best(record.objective) for _, _, trial in found]


def _unfit(ranked: Sequence[Fit]) -> str:
    if not ranked:
        return "no trial with a result"
    nearest = max(ranked, key=lambda found: len(found.point))
    if not nearest.point:
        return "no parameter in common"
    return f"of {nearest.parameters} parameters only {len(nearest.point)} fit, and half must"


def _doubt(record: SweepRecord, spec: SweepSpec, digests: Mapping[str, str]) -> str:
    """Why an earlier sweep's values do not count here; empty if they do."""
    before, now = record.goals, spec.goals
    epochs, parent = record.spec["budget"]["epochs"], record.spec.get("start_from")
    doubts = {
        f"the searcher {spec.searcher_choice.key()} learns from its own alone": not spec.searcher_choice.learns_earlier,
        "other data": not any(_same_data(record.data(), name, digests) for name in digests),
        f"started from {parent or 'no parent'}": parent != spec.start_from,
        "several objectives": len(before.objectives) > 1 or len(now.objectives) > 1,
        f"another objective ({_aim(before.leading)})": _aim(before.leading) != _aim(now.leading),
        "other constraints": before.constraints != now.constraints,
        f"{epochs} epochs a trial, here {spec.budget.epochs}": epochs != spec.budget.epochs,
    }
    return next((why for why, holds in doubts.items() if holds), "")


def _aim(objective: Objective) -> str:
    return f"{objective.mode} {objective.metric}"


def _same_data(before: Mapping[str, str], name: str, digests: Mapping[str, str]) -> bool:
    return name in digests and before.get(name) == digests[name]


def _seen(record: SweepRecord, space: Space, digests: Mapping[str, str]) -> list[dict[str, Any]]:
    """The trials that count as seen: those that reported with one point throughout, or broke a constraint."""
    found: list[tuple[tuple[float, ...], dict[str, Any]]] = []
    for trial in record.trials:
        shown = (trial.curve or record.broken(trial)) and not trial.takeovers
        if not shown or not _same_data(record.data(trial), trial.choice("dataset"), digests):
            continue
        if (point := whole(trial.choices, space)) is not None:
            found.append((record.scores(trial), {"params": point, **_outcome(record, trial)}))
    return [entry for _, entry in sorted(found, key=lambda it: it[0], reverse=True)]


def _outcome(record: SweepRecord, trial: TrialRecord) -> dict[str, Any]:
    """How a trial counts: what has not ended like what was held back, what breaks a constraint like what failed."""
    curve = [[step, value] for step, value in trial.curve.items()]
    best = trial.best(record.objective)
    if trial.state is State.FAIL or record.broken(trial):
        return {"curve": curve, "state": State.FAIL}
    if trial.state is State.COMPLETE and best:
        return {"curve": curve, "state": State.COMPLETE, "value": best[1]}
    return {"curve": curve, "state": State.PRUNED}
