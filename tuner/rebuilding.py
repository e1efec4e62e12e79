"""A sweep that goes on in another space, or under another scheduler: which of its trials still count.

A trial counts in a space that could have drawn it just so. Others stay in the record and on the leaderboard, but
neither searcher nor scheduler hears of them; those that were not over are pruned. Whatever counts is told to the new
scheduler again from its first report on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from search_spaces.dimensions import Fixed
from search_spaces.problems import Problems
from search_spaces.space import Branch, Point, Space
from tracking.ledger import Ledger
from tracking.records import SET_ASIDE
from tuner import changes, offers, warm_start
from tuner.drawing import exactly
from tuner.errors import SweepError
from tuner.searchers._draft import Draft
from tuner.spec import SweepSpec
from tuner.starting_points import fits

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Rebuilt:
    """What became of a sweep's trials: how many still count, how many do not by the reason, and the trials planned."""

    kept: int
    aside: Mapping[str, int]
    planned: int

    def lines(self) -> list[str]:
        """The same in words."""
        count = sum(self.aside.values())
        told = [f"{self.kept} of {self.kept + count} trials are kept"]
        told += [f"  {number} set aside: {why}" for why, number in self.aside.items()]
        if count:
            told.append(f"  those stay on the leaderboard; with them there will be up to {self.planned} trials")
        return told


def go_on_under(ledger: Ledger, before: SweepSpec, after: SweepSpec) -> tuple[SweepSpec, list[str]]:
    """Let a sweep's ledger go on under a changed spec; returns that spec, and what became of the trials, in words.

    Raises:
        SweepError: The space or the scheduler would change, and cannot.
    """
    dropped = _dropped(ledger, before, after)
    if after.scheduler == before.scheduler and after.space.digest() == before.space.digest():
        ledger.extend(after.describe(), after.goals.leading)
        return after, dropped
    spec, rebuilt = rebuild(ledger, before, after)
    return spec, [*rebuilt.lines(), *dropped]


def rebuild(ledger: Ledger, before: SweepSpec, after: SweepSpec) -> tuple[SweepSpec, Rebuilt]:
    """Sort a sweep's trials for another space or scheduler; returns its spec, with a trial more for each set aside.

    Args:
        ledger: Open for writing.
        before: The sweep until now.
        after: The sweep from now on.

    Raises:
        SweepError: One of the two schedulers trains all trials together, or points are repeated.
    """
    _refuse(ledger, before, after)
    trials = ledger.trials()
    points = {it.number: offers.whole(it.choices, after.space) for it in trials}
    why = {it.number: misfit(it.choices, after.space) for it in trials if points[it.number] is None}
    more = len(why) - sum(bool(it.set_aside) for it in trials)
    raw = after.describe()
    spec = SweepSpec.read({**raw, "budget": {**raw["budget"], "trials": raw["budget"]["trials"] + more}})
    lost = {it.number: _cause(why[it.number]) for it in trials if it.number in why and not it.state.finished}
    ledger.rebuild(partial(_moved, ledger, spec.space, points, why), lost, _facts(ledger, before, spec))
    return spec, Rebuilt(len(trials) - len(why), Counter(why.values()), spec.budget.trials)


def _dropped(ledger: Ledger, before: SweepSpec, after: SweepSpec) -> list[str]:
    """How many of the spec's own points will not be tried, in words."""
    untried = before.first_points[len(ledger.trials()) // before.repeats :]
    if not untried or after.first_points:
        return []
    name, one = ledger.study.study_name, len(untried) == 1
    what = "the last of its `points` was" if one else f"the last {len(untried)} of its `points` were"
    return [f"{what} not tried yet and go{'es' if one else ''} with the old space: `tuner enqueue {name}` tries others"]


def misfit(choices: offers.Choices, space: Space) -> str:
    """Why a space could not have drawn a trial, in words; the first reason of several."""
    for slot, branches in space.slots.items():
        if slot not in choices:
            return f"{slot} is new in the space"
        branch = next((it for it in branches if it.name == choices[slot]["name"]), None)
        if branch is None:
            return f"{slot} must be one of {' | '.join(it.name for it in branches)}"
        for name, dimension in branch.dimensions.items():
            if text := _outside(branch, name, dimension, choices[slot]):
                return text
    if gone := [slot for slot in choices if slot not in space.slots]:
        return f"{gone[0]} is no longer in the space"
    return "its other settings are not those of the space"


def _outside(branch: Branch, name: str, dimension: Any, chosen: Mapping[str, Any]) -> str:
    if name not in chosen:
        return f"{branch.parameter(name)} is new in the space"
    if isinstance(dimension, Fixed):
        return "" if dimension.value == chosen[name] else f"{branch.parameter(name)} is fixed at {dimension}"
    return "" if fits(dimension, chosen[name]) else f"{branch.parameter(name)} must be in {dimension}"


def _refuse(ledger: Ledger, before: SweepSpec, after: SweepSpec) -> None:
    name = ledger.study.study_name
    for spec in (before, after):
        if not (scheduler := spec.scheduler_choice).extensible:
            text = f"{scheduler.key()} trains all its trials together from the first epoch on"
            raise SweepError(
                f"{name!r} cannot go on in another space or under another scheduler: {text}; "
                f"start a new sweep with `warm_start: {name}`"
            )
    if before.repeats > 1:
        raise SweepError(f"{name!r} repeats its points, so its space and its scheduler stay: start a new sweep")


def _moved(
    ledger: Ledger, space: Space, points: Mapping[int, Point | None], why: Mapping[int, str], trial: FrozenTrial
) -> FrozenTrial:
    """A trial as the new study has it: drawn from the new space, or set aside with what it was drawn from."""
    aside = trial.user_attrs.pop(SET_ASIDE, {})
    params = aside.get("params") or trial.params
    trial.user_attrs.pop("paused", None)
    if trial.user_attrs.get("cause") == _cause(aside.get("why", "")):
        del trial.user_attrs["cause"]
    point = points[trial.number]
    if point is None:
        trial.user_attrs[SET_ASIDE] = {"why": why[trial.number], "params": dict(params)}
        trial.user_attrs.setdefault("cause", _cause(why[trial.number]))
        trial.params, trial.distributions = {}, {}
    else:
        draft = Draft(exactly(point), ledger.study, trial.number)
        space.suggest(draft)
        trial.params, trial.distributions = draft.trial.params, draft.trial.distributions
    return trial


def _cause(why: str) -> str:
    return f"set aside: {why}"


def _facts(ledger: Ledger, before: SweepSpec, spec: SweepSpec) -> dict[str, Any]:
    """What the ledger says from now on: brackets are laid out anew for another scheduler alone."""
    attributes = ledger.study.user_attrs
    facts: dict[str, Any] = {"spec": spec.describe(), "objective": asdict(spec.goals.leading), "ended": None}
    if spec.scheduler != before.scheduler:
        facts["planned"] = spec.trials
    if spec.space.digest() == before.space.digest():
        return facts
    facts[changes.KEY] = changes.facts(spec)
    facts["data"] = {**attributes.get("data", {}), **facts[changes.KEY]["data"]}
    if noted := attributes.get(warm_start.KEY):
        facts[warm_start.KEY] = {**noted, "points": [], "trials": _still(noted["trials"], spec.space)}
    return facts


def _still(trials: Sequence[Mapping[str, Any]], space: Space) -> list[Mapping[str, Any]]:
    """The trials of earlier sweeps that the space could have drawn."""
    return [told for told in trials if _drawable(told["params"], space)]


def _drawable(point: Mapping[str, Any], space: Space) -> bool:
    try:
        space.validate(point)
    except Problems:
        return False
    conditions = space.conditions()
    wanted = {n for n in space.parameters() if all(point.get(at) in values for at, values in conditions.get(n, ()))}
    return wanted == set(point)
