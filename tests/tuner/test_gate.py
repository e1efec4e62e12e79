"""The gate before a champion, with evidence cards written by hand."""

from typing import Any

from tuner.gate import gain_of, objections

CHAMPION = [0.90, 0.91, 0.92, 0.91, 0.90]


def a_card(
    values: list[float] | None, digest: str | None = "d1", metric: str = "val/accuracy", mode: str = "max"
) -> Any:
    mean = sum(values) / len(values) if values else None
    return {
        "objective": {"metric": metric, "mode": mode},
        "data": {"dataset": "digits", "digest": digest},
        "confirmation": {"values": values, "mean": mean} if values else None,
    }


def test_a_clear_gain_passes() -> None:
    assert objections(a_card([0.95, 0.96, 0.97, 0.96, 0.95]), a_card(CHAMPION)) == []


def test_a_gain_that_could_be_luck_is_refused_with_the_figures() -> None:
    # Means 0.912 and 0.908: a difference of 0.004; the deviations are 0.0148 and 0.0084, so its standard error is
    # 0.0076, and t(6.3 degrees of freedom) = 2.42 times that is more than 0.004.
    (said,) = objections(a_card([0.93, 0.90, 0.92, 0.89, 0.92]), a_card(CHAMPION))
    assert said.startswith(
        "it cannot be told from the champion: val/accuracy 0.9120 against 0.9080, gain +0.0040 [-0.0"
    )
    assert "Welch's t-test, 5 and 5 seeds" in said


def test_a_clear_gain_below_the_least_one_is_refused() -> None:
    candidate = a_card([0.95, 0.96, 0.97, 0.96, 0.95])
    (said,) = objections(candidate, a_card(CHAMPION), min_gain=0.06)
    assert "at least 0.06 is wanted" in said
    assert objections(candidate, a_card(CHAMPION), min_gain=0.04) == []


def test_a_loss_is_refused() -> None:
    (said,) = objections(a_card([0.80, 0.81, 0.82]), a_card(CHAMPION))
    assert said.startswith("it does not gain enough")


def test_less_is_better_where_the_objective_is_made_small() -> None:
    better, worse = (a_card(values, metric="val/loss", mode="min") for values in ([0.1, 0.11], [0.5, 0.52]))
    assert gain_of(better, worse).difference > 0
    assert objections(better, worse) == []
    assert objections(worse, better)


def test_other_data_another_metric_or_no_confirmation_cannot_be_compared() -> None:
    champion = a_card(CHAMPION)
    assert (
        "other data than the champion: digits d2 and digits d1" in objections(a_card([0.99, 0.98], "d2"), champion)[0]
    )
    assert "data cannot be known: digits (no digest)" in objections(a_card([0.99], None), a_card(CHAMPION, None))[0]
    assert "another metric" in objections(a_card([0.99, 0.98], metric="val/f1"), champion)[0]
    assert "the candidate was never confirmed" in objections(a_card(None), champion)[0]
    assert "the champion was never confirmed" in objections(a_card([0.99, 0.98]), a_card(None))[0]
