"""Hyperband."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from tuner import rungs
from tuner.rungs import Answer, Rung
from tuner.schedulers import NOTHING, Scheduler

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective


class Hyperband(Scheduler):
    """Successive halving from several first rungs, side by side (Li et al., JMLR 18(185), 2018, Algorithm 1).

    The trials are split over brackets: the first has the most trials and the fewest epochs for each, the last trains
    all of its trials to the end. A trial's number alone decides its bracket. Where all trials of a rung have come to
    it or failed, the best go on and the others are given up. Workers that would wait start the next bracket.
    """

    reduction_factor: int = Field(default=3, ge=2)
    """One in so many trials goes on from each rung, for so many times as many epochs."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, with its brackets still empty."""
        from tuner.schedulers._on_rungs import OnRungs

        return OnRungs(Brackets(epochs, trials, self.reduction_factor), objective)

    def plan(self, epochs: int, trials: int) -> list[str]:
        """Each bracket's rungs on a line, equal brackets together, and what all of them cost."""
        shapes = list(shapes_for(epochs, trials, self.reduction_factor))
        lines = []
        for shape in dict.fromkeys(shapes):
            which = [str(i) for i, other in enumerate(shapes, start=1) if other == shape]
            lines.append(
                f"bracket{'s' * (len(which) > 1)} {', '.join(which)}: {rungs.describe(shape.counts, shape.at)}"
            )
        spent = sum(rungs.cost(shape.counts, shape.at) for shape in shapes)
        return [*lines, f"{spent} of {epochs * trials} epochs in all"]


@dataclass(frozen=True)
class Shape:
    """A bracket's plan: `counts[i]` trials come to epoch `at[i]`; the last epoch is a whole training."""

    counts: tuple[int, ...]
    at: tuple[int, ...]


def shapes_for(epochs: int, trials: int, factor: int) -> Iterator[Shape]:
    """The brackets of a sweep: as many rounds of Hyperband as fit best, the trials shared out evenly among them."""
    paper = _paper(epochs, factor)
    rounds = max(1, round(trials / sum(paper)))
    for i in range(rounds):
        of_round = trials // rounds + (i < trials % rounds)
        yield from _round(_split(of_round, paper), epochs, factor)


def _paper(epochs: int, factor: int) -> list[int]:
    """How many trials the paper gives each bracket: ceil((s_max + 1) / (s + 1) * factor^s) for s = s_max, ..., 0."""
    most = 0
    while factor ** (most + 1) <= epochs:
        most += 1
    return [-(-(most + 1) * factor**s // (s + 1)) for s in range(most, -1, -1)]


def _split(trials: int, weights: list[int]) -> list[int]:
    """Share the trials out in proportion; what is left over goes to the largest remainders, the earlier of equals."""
    whole = sum(weights)
    shares = [trials * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(trials * weights[i] % whole), i))
    for i in remainders[: trials - sum(shares)]:
        shares[i] += 1
    return shares


def _round(sizes: list[int], epochs: int, factor: int) -> Iterator[Shape]:
    """One round's brackets: rung i of bracket s is at epochs / factor^(s - i), for 1 / factor^i of its trials.

    The paper rounds a rung's trials down. Here at least one goes on, so that a bracket smaller than the paper's, too,
    trains its best trial to the end.
    """
    for s, size in zip(range(len(sizes) - 1, -1, -1), sizes, strict=True):
        if size:
            counts = tuple(max(1, size // factor**i) for i in range(s + 1))
            yield Shape(counts, tuple(round(epochs / factor ** (s - i)) for i in range(s + 1)))


class Bracket:
    """Successive halving among the trials of one bracket, rung by rung.

    Only what was told counts, not the order: a failure that is told late leads to the same promotions.
    """

    def __init__(self, shape: Shape, members: Collection[int]) -> None:
        self.shape = shape
        self.rungs = [Rung(level) for level in shape.at]
        self.members = list(members)
        """The trials that are still in the race, best first."""
        self._stage = 0
        self._gone: set[int] = set()

    def report(self, number: int, epoch: int, score: float) -> None:
        """Write the score down at the rung that the trial has come to."""
        rung = next((rung for rung in reversed(self.rungs) if rung.level <= epoch), None)
        if rung is not None:
            rung.scores.setdefault(number, score)

    def leave(self, number: int) -> None:
        """Nothing more will come from the trial; the places it has won stay its own."""
        self._gone.add(number)

    def waits(self, number: int) -> bool:
        """Whether a trial is to wait at the rung of this stage for the others."""
        return not self._last and number in self.rungs[self._stage].scores

    def settle(self) -> Iterator[int]:
        """Go to the next rung as often as one is complete; gives the trials that are left behind."""
        while not self._last and self._complete:
            rung, stage = self.rungs[self._stage], self._stage + 1
            ranked = [number for number in rung.best(len(rung)) if number in self.members]
            self.members, self._stage = ranked[: self.shape.counts[stage]], stage
            yield from ranked[self.shape.counts[stage] :]

    @property
    def over(self) -> bool:
        """Whether nothing more will come from any of its trials."""
        return len(self._gone) == self.shape.counts[0]

    @property
    def _last(self) -> bool:
        return self._stage == len(self.rungs) - 1

    @property
    def _complete(self) -> bool:
        scores = self.rungs[self._stage].scores
        return all(number in scores or number in self._gone for number in self.members)


class Brackets:
    """All brackets of a sweep. Trials beyond the planned number open further rounds of the paper's own size."""

    def __init__(self, epochs: int, trials: int, factor: int) -> None:
        self.given_up: list[int] = []
        self.brackets: list[Bracket] = []
        self._of: list[Bracket] = []
        self._entered = 0
        self._begun: list[Bracket] = []
        """Those that have trials, and not yet seen the last of them go."""
        self._epochs, self._factor = epochs, factor
        self._open(shapes_for(epochs, trials, factor))

    def enter(self, number: int) -> None:
        """The trial's number decides its bracket."""
        self._entered = max(self._entered, number + 1)
        while number >= len(self._of):
            self._open(_round(_paper(self._epochs, self._factor), self._epochs, self._factor))
        if self._of[number] not in self._begun[-1:]:
            self._begun.append(self._of[number])

    def close(self) -> None:
        """The places that stay empty hold nobody up."""
        for number in range(self._entered, len(self._of)):
            self.leave(number)

    def leave(self, number: int) -> None:
        """The others do not wait for it any longer."""
        bracket = self._of[number]
        bracket.leave(number)
        self.given_up += bracket.settle()
        if bracket.over and bracket in self._begun:
            self._begun.remove(bracket)

    def report(self, number: int, epoch: int, score: float) -> Answer:
        """Wait at a rung for the others; whoever completes it learns at once whether it goes on."""
        bracket = self._of[number]
        bracket.report(number, epoch, score)
        left = list(bracket.settle())
        self.given_up += [other for other in left if other != number]
        if number in left:
            return "STOP"
        return "PAUSE" if bracket.waits(number) else "CONTINUE"

    def promoted(self, paused: Collection[int], running: bool) -> int | None:
        """The best promoted trial that still waits, of the earliest bracket that has one."""
        ready = (n for bracket in self._begun for n in bracket.members if n in paused and not bracket.waits(n))
        return next(ready, None)

    def _open(self, shapes: Iterator[Shape]) -> None:
        for shape in shapes:
            first = len(self._of)
            bracket = Bracket(shape, range(first, first + shape.counts[0]))
            self.brackets.append(bracket)
            self._of += [bracket] * shape.counts[0]
