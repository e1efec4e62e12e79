"""What happens to a trial whose worker is lost, or that hangs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tuner.sections import Section


class Failures(Section):
    """What is tried again, and what is given up.

    A worker that was killed, a node that was lost or a process that ran out of memory is no fault of the trial's: it
    goes on from its newest checkpoint with another worker. An error that the training itself raises would come again,
    and fails the trial at once.
    """

    retries: Annotated[int, Field(ge=0)] = 2
    """How often a trial whose worker was lost, or that hung, goes on from its newest checkpoint before it fails."""
    timeout_minutes: Annotated[float, Field(gt=0)] | None = None
    """A trial that ends no epoch for so long hangs: its worker is ended. The first epoch counts from when its worker
    begins, reading the data included."""

    @property
    def timeout_seconds(self) -> float | None:
        """The same in seconds."""
        return None if self.timeout_minutes is None else 60 * self.timeout_minutes

    def given_up(self, cause: str) -> str:
        """The cause of a trial that was lost once more than it may be, in words."""
        return f"{cause}, {self.retries + 1} times (failures.retries is {self.retries})" if self.retries else cause


def hung(seconds: float) -> str:
    """The cause of a trial that ended no epoch for so long, in words."""
    return f"no epoch ended within {seconds / 60:g} minutes"
