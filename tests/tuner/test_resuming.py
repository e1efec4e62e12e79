"""What a conductor does to the ledger of a sweep that it comes back to."""

from pathlib import Path

from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner.conductor import Conductor
from tuner.spec import SweepSpec

SPEC = SweepSpec.read(
    {
        "name": "waiting",
        "dataset": "digits",
        "architecture": {"mlp": {"width": {"low": 32, "high": 512}}},
        "budget": {"trials": 30, "epochs": 9},
        "searcher": "random",
        "scheduler": "asha",
    }
)


def conductor(ledger: Ledger) -> Conductor:
    built = SPEC.scheduler_choice.build(ledger.objective, SPEC.budget.epochs, SPEC.trials, SPEC.space, SPEC.seed)
    return Conductor(SPEC, ledger, built)


def test_coming_back_to_trials_that_wait_writes_nothing(tmp_path: Path) -> None:
    """A thousand of them, flushed to the disk one by one, would take seconds."""
    ledger = Ledger.create(tmp_path, "waiting", SPEC.describe(), SPEC.objective.resolved(), planned=30)
    first = conductor(ledger)
    for _ in range(20):
        job = first.next_job()
        assert job is not None
        step = ledger.trial(job.number).epochs + 1
        while first.report(job.number, Report(step, {"val/accuracy": 1 / (2 + job.number)}, 1.0)):
            step += 1
        first.finished(job.number)
    assert sum(trial.state is State.PAUSED for trial in ledger.trials()) > 10
    before = (tmp_path / "ledger.journal").read_bytes()
    again = conductor(Ledger.open(tmp_path, read_only=False))
    assert (tmp_path / "ledger.journal").read_bytes() == before
    assert again.next_job() is not None
