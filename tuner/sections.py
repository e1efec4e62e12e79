"""The sections of a spec that say what a sweep is judged by, what bounds it, and what it is given."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tracking.goals import Constraint, Mode, Objective
from tuner.reported import MEASURED


class Section(BaseModel):
    """A mapping in a spec: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


def _split(raw: Any) -> Any:
    return [name.strip() for name in raw.split(",")] if isinstance(raw, str) else raw


Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_split), Field(min_length=1)]
"""Names as a list, or as one text with commas between them."""


class ObjectiveSpec(Section):
    """What the sweep is judged by."""

    metric: str = "val/accuracy"
    """A metric that every trial reports; val/accuracy by default, or val/mse where numbers are learned."""
    mode: Mode | None = None
    """max or min; by default min for a metric whose name speaks of loss or error, else max."""
    target: float | None = None
    """The sweep ends when a trial reaches this value."""

    def resolved(self) -> Objective:
        """The objective with its direction."""
        smaller = re.search(r"loss|error|mse|mae|rmse|perplexity|distance|bound|kl", self.metric)
        by_name: Mode = "min" if smaller or self.metric in MEASURED else "max"
        return Objective(self.metric, self.mode or by_name, self.target)


class OneObjective(ObjectiveSpec):
    """One of several objectives."""

    metric: str
    """A metric that every trial reports."""


class ConstraintSpec(Section):
    """What a trial must keep to be ranked: `min`, `max` or both."""

    min: float | None = None
    """The metric's least value."""
    max: float | None = None
    """The metric's greatest value."""

    def resolved(self, metric: str) -> Constraint:
        """The constraint on a metric."""
        return Constraint(metric, self.min, self.max)


class Budget(Section):
    """When a sweep is over: at the first of these.

    What bounds the whole sweep counts what earlier turns of it have spent, before it was interrupted or extended. When
    it is spent, no new trial starts, and those that run end with their epoch.
    """

    trials: Annotated[int, Field(gt=0)] = 24
    """Trials in all."""
    epochs: Annotated[int, Field(gt=0)] = 20
    """Epochs of one trial at most."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Minutes by the clock in which the sweep is driven, its turns added up."""
    total_epochs: Annotated[int, Field(gt=0)] | None = None
    """Epochs of all trials together; those that run when it is spent may add one each."""
    accelerator_hours: Annotated[float, Field(gt=0)] | None = None
    """Hours of training, each trial's times its GPUs (a share counts as one); times its CPUs if it has no GPU."""
    min_gain_per_hour: Annotated[float, Field(gt=0)] | None = None
    """Ends the sweep, after 20 trials at the earliest, when an hour of training by new trials is expected to raise the
    best value by less than this (`tuner.gains`)."""

    @property
    def is_of_time(self) -> bool:
        """Whether time ends the sweep: then schedulers are told the time, and decisions follow the clock."""
        return any(given is not None for given in (self.minutes, self.accelerator_hours, self.min_gain_per_hour))


class Resources(Section):
    """What one trial is given, and how many run at once."""

    cpus: Annotated[int, Field(gt=0)] = 1
    """CPUs a trial, and so its threads."""
    gpus: Annotated[float, Field(ge=0)] = 0
    """GPUs a trial; a fraction lets several trials share one."""
    workers: Annotated[int, Field(gt=0)] | None = None
    """Trials at once; by default as many as fit."""


class Checkpoints(Section):
    """Which checkpoints stay when a trial is over; running, waiting and pinned ones always do (`tuner.retention`)."""

    keep: Annotated[int, Field(gt=0)] = 10
    """The best checkpoint of so many of the best trials stays."""
    budget_gb: Annotated[float, Field(gt=0)] | None = None
    """What the checkpoints of the whole sweep may take, in units of 10^9 bytes: beyond it the worst of those that may
    go are deleted; the best one never is."""
