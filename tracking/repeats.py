"""Configurations that were trained with several seeds: their means, and which of their trainings stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracking.intervals import Mean, mean_of
from tracking.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Configuration:
    """One point of a sweep, trained once or several times.

    Attributes:
        place: Which of the sweep's points it is, counted from 0.
        trials: Those that can be ranked, by which repeat of it they are.
        values: The objective's best value of each of them.
        failed: How many of its trials cannot be ranked: they failed, broke a constraint, or have not reported.
    """

    place: int
    trials: Mapping[int, TrialRecord]
    values: Mapping[int, float]
    failed: int = 0

    @cached_property
    def mean(self) -> Mean:
        """The mean of its values; there is one at least."""
        return mean_of(list(self.values.values()))

    @property
    def params(self) -> Mapping[str, Any]:
        """The searched values, by dotted name."""
        return next(iter(self.trials.values())).params

    def typical(self) -> TrialRecord:
        """The trial whose value is the median; of two in the middle the one that is nearer the mean, then the earlier.

        The best of them would be chosen for its luck: what is said of the configuration is true of the median.
        """
        ordered = sorted(self.values, key=lambda repeat: (self.values[repeat], repeat))
        middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
        chosen = min(middle, key=lambda repeat: (abs(self.values[repeat] - self.mean.mean), repeat))
        return self.trials[chosen]


def repeats_of(sweep: SweepRecord) -> int:
    """How often the sweep trains each of its points."""
    return int(sweep.spec.get("repeats", 1))


def configurations(sweep: SweepRecord) -> list[Configuration]:
    """The sweep's points that can be ranked, by the mean of the leading objective, the best first."""
    repeats = repeats_of(sweep)
    groups: dict[int, dict[int, TrialRecord]] = {}
    for trial in sweep.trials:
        groups.setdefault(trial.number // repeats, {})[trial.number % repeats] = trial
    found = [_configuration(sweep, place, trials) for place, trials in groups.items()]
    ranked = [it for it in found if it.values]
    return sorted(ranked, key=lambda it: (-sweep.objective.score(it.mean.mean), it.place))


def standing_for(sweep: SweepRecord) -> TrialRecord | None:
    """The trial whose network is the sweep's: the best one; where points are repeated, the best point's typical one."""
    if repeats_of(sweep) == 1:
        return sweep.best()
    found = configurations(sweep)
    return found[0].typical() if found else None


def _configuration(sweep: SweepRecord, place: int, trials: Mapping[int, TrialRecord]) -> Configuration:
    kept = {repeat: trial for repeat, trial in trials.items() if sweep.scores(trial)}
    best = {repeat: trial.best(sweep.objective) for repeat, trial in kept.items()}
    values = {repeat: found[1] for repeat, found in best.items() if found}
    return Configuration(place, kept, values, len(trials) - len(kept))
