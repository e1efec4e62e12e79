"""The end of a sweep: the best trial's checkpoint meets the test part, once, and is logged as a model."""

from __future__ import annotations

from tracking.ledger import Ledger
from tuner.conductor import Conductor
from tuner.tracks import Tracks


def conclude(ledger: Ledger, conductor: Conductor, tracked: Tracks) -> None:
    """Read the test part for the best trial, unless this very checkpoint has met it before, and log its model."""
    from tuner import trial

    best = ledger.record().best()
    if best is None or best.checkpoint is None:
        return
    known = ledger.study.user_attrs.get("test")
    if known and known["checkpoint"] == best.checkpoint.digest:
        return
    assignment = conductor.assignment(best)
    metrics = trial.test(assignment, best.checkpoint)
    ledger.note("test", {"trial": best.number, "checkpoint": best.checkpoint.digest, "metrics": metrics})
    tracked.conclude(best, assignment, metrics)
