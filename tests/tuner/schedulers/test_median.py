import random

import pytest

from tracking.records import Objective
from tuner.schedulers.median import Median
from tuner.seats import RUNNING, Floor, Seat


class Sweep:
    """A scheduler with its floor, told one thing at a time."""

    def __init__(self, trials=8, mode="max", **options):
        self.scheduler, self.floor = Median(**options).build(Objective("acc", mode), 20, trials), Floor()
        for number in range(trials):
            seat = self.floor.seats[number] = Seat(number, RUNNING)
            self.scheduler.on_trial_add(self.floor, seat)

    def tell(self, number, epoch, value):
        result = {"training_iteration": epoch, "acc": value}
        return self.scheduler.on_trial_result(self.floor, self.floor.seats[number], result)

    def tell_curve(self, number, *values):
        return [self.tell(number, epoch, value) for epoch, value in enumerate(values, start=1)]


def test_whose_best_is_below_the_median_of_the_others_averages_stops():
    sweep = Sweep()
    sweep.tell_curve(0, 0.2, 0.4, 0.6)  # averages 0.2, 0.3, 0.4
    sweep.tell_curve(1, 0.4, 0.4, 0.4)
    sweep.tell_curve(2, 0.8, 0.8, 0.8)
    # medians of three: 0.4 after one epoch, 0.4 after two, 0.4 after three
    assert sweep.tell_curve(3, 0.41, 0.1, 0.1) == ["CONTINUE"] * 3  # its best stays 0.41
    assert sweep.tell(4, 1, 0.39) == "STOP"


def test_of_an_even_count_the_median_is_between_the_middle_two():
    sweep = Sweep(min_samples=4)
    for number, value in enumerate((0.1, 0.2, 0.4, 0.9)):
        sweep.tell(number, 1, value)
    assert sweep.tell(4, 1, 0.31) == "CONTINUE"  # the median of four is 0.3
    assert sweep.tell(5, 1, 0.3) == "STOP"  # of five it is 0.31


def test_nobody_stops_before_enough_others_have_come_as_far():
    sweep = Sweep(min_samples=3)
    assert [sweep.tell(number, 1, value) for number, value in enumerate((0.9, 0.8, 0.1))] == ["CONTINUE"] * 3
    assert sweep.tell(3, 1, 0.1) == "STOP"
    assert sweep.tell(0, 2, 0.9) == sweep.tell(1, 2, 0.8) == sweep.tell(2, 2, 0.1) == "CONTINUE"


def test_nobody_stops_and_nothing_counts_in_the_grace_epochs():
    sweep = Sweep(grace_epochs=3)
    for number in range(3):
        sweep.tell_curve(number, 0.9, 0.9, 0.5)
    assert sweep.tell_curve(3, 0.1, 0.1, 0.51) == ["CONTINUE"] * 3  # averages begin with epoch 3: they are 0.5


def test_less_is_better_in_mode_min():
    sweep = Sweep(mode="min")
    for number in range(3):
        sweep.tell(number, 1, 0.5)
    assert sweep.tell(3, 1, 0.4) == "CONTINUE"
    assert sweep.tell(4, 1, 0.6) == "STOP"


@pytest.mark.parametrize("value", [0.1, 0.7, 1e-17, 3.3e19, -0.3])
def test_equal_curves_never_stop_each_other(value):
    sweep = Sweep()
    assert {answer for number in range(8) for answer in sweep.tell_curve(number, *[value] * 20)} == {"CONTINUE"}


def test_a_trial_that_broke_counts_only_up_to_there():
    sweep = Sweep(min_samples=3)
    for number in range(3):
        sweep.tell(number, 1, 0.5)
    assert sweep.tell(0, 2, float("nan")) == "STOP"
    sweep.tell(1, 2, 0.5)
    sweep.tell(2, 2, 0.5)
    assert sweep.tell(3, 1, 0.4) == "STOP"
    assert sweep.tell(4, 1, 0.5) == "CONTINUE"
    assert sweep.tell(4, 2, 0.1) == "CONTINUE"  # only two others have come to epoch 2 as numbers


def test_a_stopped_trial_goes_on_being_compared_with():
    sweep = Sweep(min_samples=3)
    for number, value in enumerate((0.5, 0.5, 0.5, 0.1, 0.1, 0.1)):
        sweep.tell(number, 1, value)
    assert sweep.tell(6, 1, 0.3) == "CONTINUE"  # the median of six is (0.1 + 0.5) / 2
    assert sweep.tell(7, 1, 0.29) == "STOP"  # of seven it is 0.3


@pytest.mark.parametrize("grace", [1, 3])
@pytest.mark.parametrize("mode", ["max", "min"])
def test_the_answers_are_those_of_rays_median_stopping_rule(mode, grace):
    from ray.tune.schedulers import MedianStoppingRule

    draw = random.Random(5)
    theirs = MedianStoppingRule("training_iteration", "acc", mode, grace_period=grace, min_samples_required=3)
    sweep, stopped, epochs = Sweep(trials=40, mode=mode, grace_epochs=grace), set(), [0] * 40
    heights = [draw.random() for _ in range(40)]
    compared = 0
    for number in (draw.randrange(40) for _ in range(900)):  # in any order, some far ahead of others
        if number in stopped or epochs[number] == 20:
            continue
        epochs[number] += 1
        value = heights[number] * (1 - 0.5 ** epochs[number]) + 0.05 * draw.random()
        seat, result = sweep.floor.seats[number], {"training_iteration": epochs[number], "acc": value}
        expected = theirs.on_trial_result(sweep.floor, seat, result)
        assert sweep.tell(number, epochs[number], value) == expected
        compared += 1
        if expected == "STOP":
            stopped.add(number)
    assert compared > 150
    assert 10 < len(stopped) < 40


def test_the_plan_promises_no_more_than_it_can():
    assert Median(grace_epochs=2, min_samples=5).plan(20, 24) == [
        "at most 24 trials x 20 epochs",
        "from epoch 2 on, once 5 others have come as far: stop if worse than the median of their averages",
        "at most 480 epochs in all",
    ]
