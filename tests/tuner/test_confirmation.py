"""Confirmations of a tiny sweep, in this process."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tracking.records import Report, State
from tracking.repeats import configurations
from tuner import Observer, Sweep, SweepError
from tuner.confirmation import KEY, Confirmation, confirmation_of, prepare, read
from tuner.seeds import seed_of

pytestmark = pytest.mark.slow


@pytest.fixture
def own_home(confirmed_home: Path, home: Path) -> Path:
    """One's own copy; MLflow's tables are left as they are."""
    shutil.copytree(confirmed_home / "sweeps", home / "sweeps")
    return home


@pytest.fixture
def found(confirmed_home: Path) -> Confirmation:
    return read(Sweep.open("tiny-confirm", confirmed_home).record())


def test_the_best_configurations_are_trained_again_with_fresh_seeds(confirmed_home: Path) -> None:
    sweep, again = Sweep.open("tiny", confirmed_home), Sweep.open("tiny-confirm", confirmed_home)
    best = sweep.leaderboard()["trial"].tolist()[:2]
    first = {number: dict(sweep.record().trials[number].params) for number in best}
    trials = again.record().trials
    assert [trial.state for trial in trials] == [State.COMPLETE] * 6
    assert [dict(trial.params) for trial in trials] == [first[number] for number in best for _ in range(3)]
    curves = [tuple(trial.curve.values()) for trial in (*trials, *sweep.record().trials)]
    assert len(set(curves)) == len(curves), "two trainings with the same seed"


def test_it_says_who_won_by_how_much_and_whether_that_means_anything(found: Confirmation) -> None:
    first, second = found.ranked
    assert first.mean.mean >= second.mean.mean
    assert first.mean.low < first.mean.mean < first.mean.high
    difference = found.against(second)
    assert difference.difference == pytest.approx(first.mean.mean - second.mean.mean)
    assert difference.test == "paired t-test, 3 seeds"
    clear = "better by a clear difference" if difference.clear else "not distinguishable"
    assert found.verdict().startswith(f"trial {found.trial(first)} is {clear} from #2, trial {found.trial(second)}: ")


def test_the_test_part_is_read_once_with_the_winners_typical_network(confirmed_home: Path, found: Confirmation) -> None:
    judged = Sweep.open("tiny-confirm", confirmed_home).record().attributes["test"]
    typical = found.winner.typical()
    assert typical.checkpoint is not None
    assert (judged["trial"], judged["checkpoint"]) == (typical.number, typical.checkpoint.digest)
    assert found.test == judged["metrics"]
    assert not isinstance(found.expected, str)
    assert found.expected[0] < found.winner.mean.mean < found.expected[1]


def test_asking_again_shows_what_is_recorded_and_trains_nothing(own_home: Path, found: Confirmation) -> None:
    ledger = own_home / "sweeps/tiny-confirm/ledger.journal"
    before = ledger.read_bytes()
    again = Sweep.open("tiny").confirm(top=2, seeds=3, runner="inline")
    assert (again.test, again.verdict()) == (found.test, found.verdict())
    assert len(ledger.read_bytes()) <= len(before) * 1.2  # a line or two of the driver's clock, no report
    assert again.winner.values == found.winner.values


def test_another_confirmation_has_a_name_and_seeds_of_its_own(own_home: Path) -> None:
    sweep = Sweep.open("tiny")
    other = prepare(sweep, top=2, seeds=4)
    assert other.name == "tiny-confirm-2"
    assert Sweep.open("tiny-confirm").spec.seed == seed_of(0, "confirm", "tiny", 0)  # in any home the same
    assert other.spec.seed == seed_of(0, "confirm", "tiny", 1)
    assert prepare(sweep, top=2, seeds=3).name == "tiny-confirm"


def test_a_confirmation_runs_to_the_last_epoch_whatever_the_sweeps_scheduler_and_target(own_home: Path) -> None:
    spec = prepare(Sweep.open("tiny"), top=1, seeds=5).spec
    assert (spec.scheduler, spec.budget.trials, spec.budget.epochs, spec.repeats) == ("none", 5, 2, 5)
    assert spec.goals.leading.target is None


class Interrupting(Observer):
    def __init__(self, at: int) -> None:
        self._left = at

    def reported(self, number: int, report: Report) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_confirmation_goes_on_to_the_same_numbers(own_home: Path, found: Confirmation) -> None:
    shutil.rmtree(own_home / "sweeps/tiny-confirm")
    sweep = Sweep.open("tiny")
    child = prepare(sweep, top=2, seeds=3)
    child.run(runner="inline", observer=Interrupting(5))
    assert child.interrupted
    assert confirmation_of(sweep.home, sweep.record()) is None
    again = sweep.confirm(top=2, seeds=3, runner="inline")
    assert [it.values for it in again.ranked] == [it.values for it in found.ranked]


def test_what_cannot_be_confirmed_is_refused_in_one_line(own_home: Path, tiny_spec: dict[str, Any]) -> None:
    with pytest.raises(SweepError, match="at least 2 seeds, got 1"):
        prepare(Sweep.open("tiny"), top=1, seeds=1)
    with pytest.raises(SweepError, match="is a confirmation itself: confirm 'tiny'"):
        prepare(Sweep.open("tiny-confirm"), top=1, seeds=2)
    ended = own_home / "sweeps/unfinished"
    sweep = Sweep({**tiny_spec, "name": "unfinished"}).run(runner="inline", observer=Interrupting(1))
    assert sweep.interrupted
    assert ended.exists()
    with pytest.raises(SweepError, match="'unfinished' is not over: `tuner resume unfinished`"):
        prepare(sweep, top=1, seeds=2)


def test_the_confirmed_sweep_is_noted_and_found_again(own_home: Path) -> None:
    sweep = Sweep.open("tiny")
    noted = Sweep.open("tiny-confirm").record().attributes[KEY]
    assert (noted["sweep"], noted["id"]) == ("tiny", sweep.record().attributes["id"])
    assert noted["trials"] == sweep.leaderboard()["trial"].tolist()[:2]
    confirmed = confirmation_of(sweep.home, sweep.record())
    assert confirmed is not None
    assert confirmed.of_trial(noted["trials"][0]) is not None
    assert confirmed.of_trial(99) is None


def test_repeats_in_a_spec_are_points_of_a_plain_sweep(home: Path, tiny_spec: dict[str, Any]) -> None:
    sweep = Sweep({**tiny_spec, "name": "twice", "repeats": 2, "budget": {"trials": 4, "epochs": 1}}).run(
        runner="inline"
    )
    params = [dict(trial.params) for trial in sweep.record().trials]
    assert params[0] == params[1] != params[2] == params[3]
    assert [it.mean.count for it in configurations(sweep.record())] == [2, 2]
