"""From a trial of the ledger to what a worker is given."""

from __future__ import annotations

from tracking.ledger import Ledger
from tracking.records import TrialRecord
from tuner import weights
from tuner.assignment import Assignment
from tuner.seeds import seed_of
from tuner.spec import SweepSpec
from tuner.takeovers import inheritance_of


def assignment_of(
    spec: SweepSpec,
    ledger: Ledger,
    trial: TrialRecord,
    step: int | None = None,
) -> Assignment:
    """What a worker needs to run a trial, from its next epoch on; or what it trained epoch `step` with.

    Args:
        spec: The sweep.
        ledger: Its ledger.
        trial: The trial.
        step: An epoch that it has trained.
    """
    return Assignment(
        number=trial.number,
        choices=trial.at(step or trial.epochs + 1).choices,
        seed=trial_seed(spec, trial.number),
        epochs=spec.budget.epochs,
        folder=ledger.trial_folder(trial.number).absolute(),
        objective=ledger.objective,
        cpus=spec.resources.cpus,
        gpus=spec.resources.gpus,
        inheritance=inheritance_of(ledger, trial),
        further=ledger.goals.objectives[1:],
        constraints=ledger.goals.constraints,
        measured=spec.measured,
        timeout=spec.failures.timeout_seconds,
        start_from=weights.kept(ledger.folder) if spec.start_from else None,
    )


def trial_seed(spec: SweepSpec, number: int) -> int:
    """A trial's seed; where every point is repeated, the same for the n-th training of each, so that these pair up."""
    if spec.repeats == 1:
        return seed_of(spec.seed, "trial", number)
    return seed_of(spec.seed, "repeat", number % spec.repeats)
