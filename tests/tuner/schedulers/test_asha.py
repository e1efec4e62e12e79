import random

import pytest

from tracking.records import Objective
from tuner.schedulers.asha import Asha
from tuner.seats import PAUSED, RUNNING, TERMINATED, Floor, Seat


class Sweep:
    """A scheduler with its floor, told one thing at a time."""

    def __init__(self, scheduler):
        self.scheduler, self.floor = scheduler, Floor()

    def ask(self):
        seat = self.floor.seats[len(self.floor.seats)] = Seat(len(self.floor.seats), RUNNING)
        self.scheduler.on_trial_add(self.floor, seat)
        return seat

    def tell(self, seat, epoch, value):
        answer = self.scheduler.on_trial_result(self.floor, seat, {"training_iteration": epoch, "acc": value})
        if answer == "PAUSE":
            seat.status = PAUSED
        return answer

    def choose(self):
        seat = self.scheduler.choose_trial_to_run(self.floor)
        return None if seat is None else seat.number


def asha(epochs=9, trials=100, mode="max", **options):
    return Sweep(Asha(**options).build(Objective("acc", mode), epochs, trials))


def test_the_first_two_of_three_wait_and_the_best_of_them_goes_on():
    sweep = asha()
    # floor(1/3) = floor(2/3) = 0 may go on, then floor(3/3) = 1: number 1 with 0.5
    assert [sweep.tell(sweep.ask(), 1, value) for value in (0.4, 0.5)] == ["PAUSE", "PAUSE"]
    assert sweep.choose() is None
    assert sweep.tell(sweep.ask(), 1, 0.3) == "PAUSE"
    assert sweep.choose() == 1
    assert sweep.choose() == 1  # asking again changes nothing


def test_a_trial_among_the_best_goes_on_at_once_and_takes_the_promotion():
    sweep = asha()
    assert [sweep.tell(sweep.ask(), 1, value) for value in (0.4, 0.5, 0.9)] == ["PAUSE", "PAUSE", "CONTINUE"]
    assert sweep.choose() is None  # the one promotion of three is the running trial's
    # six at the rung: two may go on, 0.9 has gone, 0.5 is next
    assert [sweep.tell(sweep.ask(), 1, value) for value in (0.1, 0.2, 0.3)] == ["PAUSE", "PAUSE", "PAUSE"]
    assert sweep.choose() == 1


def test_less_is_better_in_mode_min():
    sweep = asha(mode="min")
    assert [sweep.tell(sweep.ask(), 1, value) for value in (0.4, 0.5, 0.1)] == ["PAUSE", "PAUSE", "CONTINUE"]


def test_the_highest_rung_is_served_first():
    sweep = asha()
    seats = [sweep.ask() for _ in range(12)]
    for seat in seats[:9]:
        assert sweep.tell(seat, 1, 0.9 - seat.number / 10) == "PAUSE"  # each is worse than the one before
    for number, value in ((0, 0.1), (1, 0.2), (2, 0.05)):  # nine at rung 1, so three may go on
        assert sweep.choose() == number
        seats[number].status = RUNNING
        assert sweep.tell(seats[number], 3, value) == "PAUSE"
    for seat in seats[9:]:
        sweep.tell(seat, 1, 0.0)
    # twelve at rung 1: the fourth, number 3, may go on; three at rung 3: the best of them, number 1, comes first
    assert sweep.choose() == 1
    seats[1].status = RUNNING
    assert sweep.choose() == 3
    seats[3].status = RUNNING
    assert sweep.choose() is None


def test_of_equals_the_lower_number_goes_on():
    sweep = asha()
    assert [sweep.tell(sweep.ask(), 1, 0.5) for _ in range(3)] == ["PAUSE"] * 3
    assert sweep.choose() == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_stops_its_trial_and_never_enters_a_rung(value):
    sweep = asha()
    assert sweep.tell(sweep.ask(), 1, value) == "STOP"
    assert [sweep.tell(sweep.ask(), 1, v) for v in (0.4, 0.5)] == ["PAUSE", "PAUSE"]
    assert sweep.choose() is None  # only two have come to the rung


def test_nothing_is_decided_between_rungs():
    sweep = asha()
    first = sweep.ask()
    assert sweep.tell(first, 1, 0.9) == "PAUSE"
    assert [sweep.tell(first, epoch, 0.0) for epoch in (2, 3, 4)] == ["CONTINUE", "PAUSE", "CONTINUE"]


def test_a_report_told_twice_is_answered_alike_and_changes_nothing():
    sweep = asha()
    seats = [sweep.ask() for _ in range(4)]
    for seat, value in zip(seats, (0.4, 0.5, 0.9), strict=False):
        sweep.tell(seat, 1, value)
    assert sweep.tell(seats[2], 1, 0.9) == "CONTINUE"
    sweep.tell(seats[3], 1, 0.95)  # 0.9 is not among the best any more, but its answer stands
    assert sweep.tell(seats[2], 1, 0.9) == "CONTINUE"
    assert sweep.tell(seats[0], 1, 0.4) == "PAUSE"


def test_at_the_end_the_best_of_the_highest_rung_is_trained_on_until_one_is_whole():
    sweep = asha(epochs=9, trials=2)
    first, second = sweep.ask(), sweep.ask()
    sweep.tell(first, 1, 0.5)
    assert sweep.choose() is None  # number 1 is still at work
    sweep.tell(second, 1, 0.6)
    assert sweep.choose() == 1
    second.status = RUNNING
    assert sweep.tell(second, 2, 0.6) == "CONTINUE"
    assert sweep.tell(second, 3, 0.6) == "PAUSE"
    assert sweep.choose() == 1
    second.status = RUNNING
    assert sweep.tell(second, 9, 0.6) == "CONTINUE"
    second.status = TERMINATED
    sweep.scheduler.on_trial_complete(sweep.floor, second, {})
    assert sweep.choose() is None


def test_if_the_last_hope_fails_the_next_best_is_trained_to_the_end():
    sweep = asha(epochs=9, trials=2)
    first, second = sweep.ask(), sweep.ask()
    sweep.tell(first, 1, 0.5)
    sweep.tell(second, 1, 0.6)
    second.status = "ERROR"
    sweep.scheduler.on_trial_error(sweep.floor, second)
    assert sweep.choose() == 0


def test_the_plan_counts_the_trials_of_each_rung():
    # 24 / 3 = 8, 8 / 3 = 2, then at least one; 24 x 1 + 8 x 2 + 2 x 6 + 1 x 11 = 63 of 24 x 20
    assert Asha().plan(20, 24) == [
        "about 24 trials x 1 epoch -> 8 x 3 -> 2 x 9 -> 1 x 20",
        "about 63 of 480 epochs in all",
    ]


def test_the_answers_at_a_rung_are_those_of_optunas_successive_halving():
    # Optuna's pruner stops whom the stopping variant would not let on; from the third trial on, its rule at a first
    # rung is the same: among the best floor(n / 3) of those seen (before, it lets the best of fewer than three on).
    import optuna
    from optuna.pruners import SuccessiveHalvingPruner

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", pruner=SuccessiveHalvingPruner(1, 3))
    sweep, draw = asha(epochs=3), random.Random(0)
    ours, theirs = [], []
    for _ in range(60):
        value = draw.random()
        trial = study.ask()
        trial.report(value, 1)
        theirs.append(trial.should_prune())
        ours.append(sweep.tell(sweep.ask(), 1, value) == "PAUSE")
    assert ours[2:] == theirs[2:]
    assert 10 <= ours.count(False) <= 40


def test_whom_rays_stopping_variant_stops_waits_here():
    # Ray stops a trial below the percentile 1 - 1/3 of those before it. Once a rung holds many, both rules cut at the
    # same place, but for the step between two neighbours.
    from ray.tune.schedulers import ASHAScheduler

    theirs = ASHAScheduler(metric="acc", mode="max", max_t=3, grace_period=1, reduction_factor=3)
    sweep, draw = asha(epochs=3), random.Random(1)
    differ = []
    for _ in range(300):
        seat, value = sweep.ask(), draw.random()
        theirs.on_trial_add(sweep.floor, seat)
        stopped = theirs.on_trial_result(sweep.floor, seat, {"training_iteration": 1, "acc": value}) == "STOP"
        differ.append(stopped != (sweep.tell(seat, 1, value) == "PAUSE"))
    assert sum(differ[100:]) <= 4  # of 200
