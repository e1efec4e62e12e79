"""What a study's trials have shown, for a model of learning curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.trial import TrialState

from tuner.beliefs.coordinates import Coordinates
from tuner.beliefs.evidence import Evidence, refitted
from tuner.beliefs.outcomes import Observation, marks, observed, scaled, worst_for_none
from tuner.searchers._earlier import earlier_of
from tuner.searchers._model import cut_short, trials_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from search_spaces.space import Space

KEY = "auto:settings"
"""Where the study keeps the model's settings, so that an interrupted search goes on with the same."""
TCHEBYCHEFF = 0.05
"""How much the sum of the objectives counts beside the worst of them (Knowles, 2006, equation 2)."""


def evidence_of(space: Space, study: Study, rng: Generator) -> Evidence | None:
    """Everything that was reported, by earlier sweeps too; None if there is nothing yet."""
    own = trials_of(study, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING)
    trials = [*earlier_of(study), *own]
    epochs = _epochs(study, trials)
    several = len(study.directions) > 1
    seen = list(_weighed(study, trials, rng) if several else _curves(study, trials, epochs))
    if not any(it.value is not None for it in seen):
        return None
    coordinates = Coordinates(space)
    return Evidence(coordinates, {it.number: coordinates.row(it.params) for it in trials}, seen, epochs)


def pending_of(study: Study) -> list[int]:
    """The trials at work."""
    return [trial.number for trial in trials_of(study, TrialState.RUNNING) if not cut_short(trial) and trial.params]


def settings_of(evidence: Evidence, study: Study) -> NDArray[np.float64]:
    """The model's settings: learned from all that was seen now and then, and noted in the study, else as noted."""
    due, kind = refitted(len(evidence.seen)), [len(evidence.kernel.mean), evidence.timed, len(study.directions)]
    noted = study._storage.get_study_system_attrs(study._study_id).get(KEY)
    if noted is not None and noted["due"] == due and noted["kind"] == kind:
        return np.array(noted["settings"])
    found = evidence.settings(np.random.default_rng(due))
    note: dict[str, Any] = {"due": due, "kind": kind, "settings": [float(it) for it in found]}
    study._storage.set_study_system_attr(study._study_id, KEY, note)
    return found


def _epochs(study: Study, trials: Sequence[FrozenTrial]) -> int:
    """Those of a whole training: the sweep's budget, or the most that were trained in a plain study."""
    planned = study.user_attrs.get("spec", {}).get("budget", {}).get("epochs", 1)
    return max([planned, *(step for trial in trials for step in trial.intermediate_values)])


def _curves(study: Study, trials: Sequence[FrozenTrial], epochs: int) -> Iterator[Observation]:
    """Each trial's best by some epochs, or whole trainings alone if no trial is held back early."""
    sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
    at = marks(epochs) if any(map(cut_short, trials)) else []
    for trial in trials:
        if trial.state is TrialState.FAIL or _infeasible(trial):
            yield Observation(trial.number, max(trial.intermediate_values, default=1), None)
        elif trial.state is TrialState.COMPLETE and not (at and trial.intermediate_values):
            yield Observation(trial.number, epochs, sign * trial.values[0] if math.isfinite(trial.values[0]) else None)
        elif trial.state is not TrialState.RUNNING or cut_short(trial):
            yield from observed(trial.number, dict(sorted(trial.intermediate_values.items())), sign, at)


def _weighed(study: Study, trials: Sequence[FrozenTrial], rng: Generator) -> Iterator[Observation]:
    """Of several objectives one value, by random weights: the augmented Tchebycheff function of their ranks' scores."""
    whole = [it for it in trials if it.state is TrialState.COMPLETE and not _infeasible(it)]
    if not whole:
        return
    signs = np.array([-1.0 if it.name == "MAXIMIZE" else 1.0 for it in study.directions])
    values = np.array([it.values for it in whole]) * signs
    scores = np.column_stack([scaled(worst_for_none([float(v) for v in column])) for column in values.T])
    weights = rng.dirichlet(np.ones(len(signs)))
    weighted = (scores - scores.min(axis=0)) * weights
    joined = weighted.max(axis=1) + TCHEBYCHEFF * weighted.sum(axis=1)
    yield from (Observation(it.number, 1, float(value)) for it, value in zip(whole, joined, strict=True))
    broken = [it for it in trials if it.state is TrialState.FAIL or _infeasible(it)]
    yield from (Observation(it.number, 1, None) for it in broken)


def _infeasible(trial: FrozenTrial) -> bool:
    return any(excess > 0 for excess in trial.constraints.values())
