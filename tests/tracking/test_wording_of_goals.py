from pathlib import Path

from tracking import wording
from tracking.goals import Constraint, Objective
from tracking.records import Report, Standing, State, SweepRecord, TrialRecord

FAST = Constraint("latency_ms", max=5.0)


def a_trial(number, accuracy, parameters, latency=1.0):
    values = {"val/accuracy": accuracy, "parameters": parameters, "latency_ms": latency}
    return TrialRecord(number, State.COMPLETE, {}, {}, {1: accuracy}, standing=Standing(1, values))


def a_sweep(*trials, **attributes):
    facts = {"further": (Objective("parameters", "min"),), "constraints": (FAST,)}
    return SweepRecord("toy", Path("toy"), Objective(), {}, trials, attributes=attributes, **facts)


def test_the_note_shows_the_front_the_constraints_and_why_the_sweep_ended():
    trials = a_trial(0, 0.9, 100), a_trial(1, 0.8, 200), a_trial(2, 0.75, 10), a_trial(3, 0.99, 1, latency=9)
    note = wording.summary(a_sweep(*trials, ended="all 4 trials are done"))
    assert "Constraints: `latency_ms <= 5`." in note
    table = [line for line in note.splitlines() if line.startswith("|")]
    assert table == [
        "| trial | val/accuracy | parameters |",
        "| --- | --- | --- |",
        "| 0 | 0.9 | 100 |",
        "| 2 | 0.75 | 10 |",
    ]
    assert "Over: all 4 trials are done." in note
    assert "**0.9**, trial-000" in note


def test_what_a_trial_breaks_is_on_its_run():
    sweep = a_sweep(a_trial(0, 0.9, 100), a_trial(1, 0.9, 100, latency=9))
    assert "broken" not in wording.trial_tags(sweep, sweep.trials[0], {})
    assert wording.trial_tags(sweep, sweep.trials[1], {})["broken"] == "latency_ms 9, at most 5"
    tags = wording.sweep_tags(sweep, {})
    assert (tags["objective"], tags["constraints"]) == ("val/accuracy max, parameters min", "latency_ms <= 5")


def test_the_sweeps_curve_leaves_out_reports_that_break_a_constraint():
    sweep = a_sweep(a_trial(0, 0.5, 100), a_trial(1, 0.9, 100, latency=9))
    found = [(trial.number, trial, Report(1, trial.values, 1.0)) for trial in sweep.trials]
    assert [point.value for point in wording.leading_points(sweep, found, None)] == [0.5]
