import itertools
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from tracking import spool
from tracking.records import Objective, Report, State, SweepRecord, TrialRecord

METRIC = "val/accuracy"


@pytest.fixture
def a_sweep():
    """Make a sweep of the trials given, whose objective is val/accuracy."""

    def make(*trials, name="digits", mode="max", budget=None):
        spec = {"budget": budget} if budget else {}
        return SweepRecord(name, Path(name), Objective(METRIC, mode), spec, trials, created=datetime(2026, 1, 2, 3, 4))

    return make


@pytest.fixture
def a_trial(tmp_path):
    """Make a trial with its spool on disk; its reports come after those made before, or in the places of `order`."""
    counter = itertools.count()

    def make(number, curve, state=State.COMPLETE, params=None, order=None, **facts):
        folder = tmp_path / "trials" / str(number)
        places = order or [next(counter) for _ in curve]
        for (step, value), place in zip(curve.items(), places, strict=True):
            spool.append(folder, Report(step, {METRIC: value}, seconds=step / 2), place)
        choices = {"architecture": {"name": "mlp"}, "optimizer": {"name": "sgd"}}
        return TrialRecord(number, state, params or {}, choices, curve, folder=folder, **facts)

    return make


@pytest.fixture
def series():
    """Make a pandas Series of floats."""
    return lambda values: pd.Series(values, dtype=float)
