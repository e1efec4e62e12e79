"""How a trial comes to go on from another's checkpoint: what the ledger keeps of it, and what a worker is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from search_spaces.space import Space
from tracking.ledger import Ledger
from tracking.records import Takeover, TrialRecord
from tuner.assignment import Inheritance
from tuner.exploration import choices_of
from tuner.seats import Exploit, Seat


def go_on(ledger: Ledger, space: Space, seat: Seat) -> None:
    """Note in the ledger that a paused trial goes on, and as whose copy if its scheduler says so.

    A takeover at this epoch that was noted before a kill stands: its worker may have begun.
    """
    trial = ledger.trial(seat.number)
    noted = retell(seat, trial)
    if seat.exploit is None or noted:
        ledger.pause(seat.number, False)
        return
    exploit, epoch = seat.exploit, trial.epochs
    ledger.take_over(
        seat.number,
        Takeover(
            epoch=epoch,
            donor=exploit.donor,
            params=exploit.params,
            choices=choices_of(space, dict(exploit.params)),
            seconds=ledger.reported(seat.number, epoch).seconds,
            checkpoint=ledger.reported(exploit.donor, epoch).checkpoint,
        ),
    )
    seat.config = exploit.params


def retell(seat: Seat, trial: TrialRecord, epoch: int | None = None) -> bool:
    """Make a seat, paused after `epoch` (its trial's last by default), what the ledger says that it went on as.

    Returns whether the ledger says that it took over another's checkpoint there.
    """
    after = trial.epochs if epoch is None else epoch
    found = next((it for it in trial.takeovers if it.epoch == after), None)
    if found:
        seat.exploit, seat.config = Exploit(found.donor, found.params), found.params
    return found is not None


def inheritance_of(ledger: Ledger, trial: TrialRecord) -> Inheritance | None:
    """What a trial took over last, for its worker; None if it never did."""
    if not trial.takeovers or (checkpoint := trial.takeovers[-1].checkpoint) is None:
        return None
    last = trial.takeovers[-1]
    best = replace(trial, curve={step: it for step, it in trial.curve.items() if step <= last.epoch})
    return Inheritance(checkpoint, last.seconds, best.best(ledger.objective))


def kept(exchanges: Iterable[int], seats: Iterable[Seat], step: str) -> tuple[int, ...]:
    """The epochs whose checkpoints must stay: exchanges that some trial has not left behind yet.

    Args:
        exchanges: The epochs after which trials take over each other's checkpoints.
        seats: All trials.
        step: The key of a result that holds its epoch.
    """
    wanted = tuple(exchanges)
    if not wanted:
        return ()
    behind = min((seat.last_result.get(step, 0) for seat in seats if not seat.is_finished()), default=0)
    return tuple(epoch for epoch in wanted if epoch >= behind)
