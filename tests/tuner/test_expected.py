"""Where a confirmed network's test value was to be expected, or the sentence that says why nobody knows."""

from pathlib import Path
from typing import Any

import pytest

from tracking.intervals import elsewhere, share_spread
from tracking.records import CheckpointRef, State, TrialRecord
from tracking.repeats import Configuration
from tuner.expected import expected

JUDGED = {"samples": {"validation": 100, "test": 400}, "spreads": {"mse": 2.0}}
VALUES = [0.9, 0.92, 0.91]


def winner(*values: float, **dataset: Any) -> Configuration:
    checkpoint = CheckpointRef("best.ckpt", 1, "d1g35t")
    choices = {"dataset": {"name": "table", **dataset}}
    trials = {
        place: TrialRecord(place, State.COMPLETE, {}, choices, 0, Path(), checkpoint=checkpoint)
        for place in range(len(values))
    }
    return Configuration(0, trials, dict(enumerate(values)))


@pytest.mark.parametrize("metric", ["val/accuracy", "val/error_rate", "val/top5_accuracy", "val/acc_top_3"])
def test_a_share_of_the_samples_is_known_by_its_name(metric: str) -> None:
    wanted = elsewhere(VALUES, share_spread(VALUES, 100), (100, 400), (0.0, 1.0))
    assert expected(metric, winner(*VALUES), JUDGED) == wanted


def test_a_mean_is_known_by_its_measured_spread_and_stays_possible() -> None:
    assert expected("val/mse", winner(*VALUES), JUDGED) == elsewhere(VALUES, 2.0, (100, 400), (0.0, float("inf")))


def test_a_measured_spread_counts_before_a_name() -> None:
    judged = {**JUDGED, "spreads": {"accuracy": 0.1}}  # several labels a sample
    assert expected("val/accuracy", winner(*VALUES), judged) == elsewhere(VALUES, 0.1, (100, 400), (0.0, 1.0))


@pytest.mark.parametrize(
    ("metric", "values", "dataset", "judged", "reason"),
    [
        ("val/accuracy", [0.9], {}, JUDGED, "one training alone does not say"),
        ("val/accuracy", VALUES, {}, {}, "the test part was not read"),
        ("val/accuracy", VALUES, {}, {"metrics": {}}, "how many samples were judged is not known"),
        ("val/accuracy", VALUES, {"group": "patient"}, JUDGED, "samples of one patient depend on each other"),
        ("val/auroc", VALUES, {}, JUDGED, "val/auroc is not known to be a mean over independent samples"),
        ("val/accuracy", [91.0, 92.0], {}, JUDGED, "val/accuracy is not known to be a mean"),  # per cent: no share
    ],
)
def test_what_cannot_be_known_is_said(metric: str, values: Any, dataset: Any, judged: Any, reason: str) -> None:
    found = expected(metric, winner(*values, **dataset), judged)
    assert isinstance(found, str)
    assert found.startswith(reason)
