"""What a trial scheduler sees of a sweep, whatever the runner: a seat a trial, and the floor they stand on.

A `ray.tune` TrialScheduler expects Tune trials and a Tune controller. Seats and the floor have the part of both that
schedulers use, so that the same scheduler object decides in this process, on Ray and on recorded curves, and can be
fed a ledger's history to come back to where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PENDING, RUNNING, PAUSED, TERMINATED, ERROR = "PENDING", "RUNNING", "PAUSED", "TERMINATED", "ERROR"


@dataclass(frozen=True)
class Exploit:
    """A waiting trial is to go on from the checkpoint of another, of the epoch at which it waits.

    Attributes:
        donor: The other trial's number.
        params: The searched values that it then trains with, by dotted name.
    """

    donor: int
    params: Mapping[str, Any]


@dataclass(eq=False)
class Seat:
    """A trial as its scheduler sees it. `trial_id` is the ledger's number as text.

    A scheduler may set `exploit` on the seat that `choose_trial_to_run` gives: that is what the trial goes on with.
    It stays until the trial is chosen again; `config` are the searched values that the trial trains with now.
    """

    number: int
    status: str = PENDING
    config: Mapping[str, Any] = field(default_factory=dict)
    last_result: dict[str, Any] = field(default_factory=dict)
    exploit: Exploit | None = None

    @property
    def trial_id(self) -> str:
        """The trial's number, as the text that Ray's schedulers expect."""
        return str(self.number)

    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in (TERMINATED, ERROR)

    def __str__(self) -> str:
        return f"trial {self.number}"


class Floor:
    """All seats of a sweep, and what a scheduler may do beyond its answers."""

    def __init__(self) -> None:
        self.seats: dict[int, Seat] = {}
        self.stopped: list[Seat] = []
        """Paused seats that the scheduler gave up, for whoever drives it to finish."""
        self.full = False
        """Whether no further trial will come, although fewer came than were planned."""

    def get_trials(self) -> list[Seat]:
        """Every seat, in the order of the trials' numbers."""
        return list(self.seats.values())

    def get_live_trials(self) -> set[Seat]:
        """The seats of trials that are not finished."""
        return {seat for seat in self.seats.values() if not seat.is_finished()}

    def stop_trial(self, seat: Seat) -> None:
        """Give up a paused trial: it will not be promoted any more."""
        if seat.status == PAUSED and seat not in self.stopped:
            self.stopped.append(seat)
