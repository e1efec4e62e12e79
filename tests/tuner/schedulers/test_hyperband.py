import pytest

from tracking.records import Objective
from tuner.schedulers.hyperband import Bracket, Hyperband, Shape, shapes_for
from tuner.seats import PAUSED, RUNNING, Floor, Seat


class Sweep:
    """A scheduler with its floor, told one thing at a time."""

    def __init__(self, epochs, trials, mode="max"):
        self.scheduler, self.floor = Hyperband().build(Objective("acc", mode), epochs, trials), Floor()
        for number in range(trials):
            seat = self.floor.seats[number] = Seat(number, RUNNING)
            self.scheduler.on_trial_add(self.floor, seat)

    def tell(self, number, epoch, value):
        seat = self.floor.seats[number]
        answer = self.scheduler.on_trial_result(self.floor, seat, {"training_iteration": epoch, "acc": value})
        if answer == "PAUSE":
            seat.status = PAUSED
        return answer

    def fail(self, number):
        seat = self.floor.seats[number]
        seat.status = "ERROR"
        self.scheduler.on_trial_error(self.floor, seat)

    def choose(self):
        seat = self.scheduler.choose_trial_to_run(self.floor)
        return None if seat is None else seat.number

    @property
    def given_up(self):
        return {seat.number for seat in self.floor.stopped}


def test_a_whole_round_is_algorithm_1_of_the_paper():
    # Algorithm 1 with R = 81, factor 3: n = ceil(5 / (s + 1) x 3^s) for s = 4, ..., 0 is 81, ceil(33.75), 15,
    # ceil(7.5), 5; each rung floor(n / 3^i) trials at 81 / 3^(s - i) epochs.
    shapes = list(shapes_for(81, 81 + 34 + 15 + 8 + 5, 3))
    assert [shape.counts for shape in shapes] == [(81, 27, 9, 3, 1), (34, 11, 3, 1), (15, 5, 1), (8, 2), (5,)]
    assert [shape.at for shape in shapes] == [(1, 3, 9, 27, 81), (3, 9, 27, 81), (9, 27, 81), (27, 81), (81,)]


def test_the_budget_is_split_in_proportion():
    # R = 20: the paper's brackets hold 9, 5 and 3 of 17 trials. Of 24: 12.7, 7.06, 4.2 -> 12, 7, 4 and one left for
    # the largest remainder, the first.
    assert Hyperband().plan(20, 24) == [
        "bracket 1: 13 trials x 2 epochs -> 4 x 7 -> 1 x 20",
        "bracket 2: 7 trials x 7 epochs -> 2 x 20",
        "bracket 3: 4 trials x 20 epochs",
        # 13 x 2 + 4 x 5 + 13,  7 x 7 + 2 x 13,  4 x 20
        f"{59 + 75 + 80} of 480 epochs in all",
    ]


def test_a_larger_budget_gives_several_rounds():
    assert Hyperband().plan(20, 34) == [
        "brackets 1, 4: 9 trials x 2 epochs -> 3 x 7 -> 1 x 20",
        "brackets 2, 5: 5 trials x 7 epochs -> 1 x 20",
        "brackets 3, 6: 3 trials x 20 epochs",
        # twice: 9 x 2 + 3 x 5 + 13,  5 x 7 + 13,  3 x 20
        f"{2 * (46 + 48 + 60)} of 680 epochs in all",
    ]


@pytest.mark.parametrize("epochs", [1, 2, 5, 20, 81])
@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("trials", [1, 2, 7, 24, 100])
def test_every_trial_has_a_bracket_and_every_bracket_a_whole_training(epochs, factor, trials):
    shapes = list(shapes_for(epochs, trials, factor))
    assert sum(shape.counts[0] for shape in shapes) == trials
    for shape in shapes:
        assert shape.at[-1] == epochs
        assert shape.at[0] >= 1 and list(shape.at) == sorted(set(shape.at))
        assert shape.counts[-1] >= 1 and list(shape.counts) == sorted(shape.counts, reverse=True)


def test_a_rung_waits_for_all_its_trials_then_the_best_go_on_and_the_others_are_given_up():
    sweep = Sweep(epochs=3, trials=5)  # brackets: 3 trials x 1 epoch -> 1 x 3, and 2 trials x 3 epochs
    assert sweep.tell(0, 1, 0.5) == "PAUSE"
    assert sweep.tell(1, 1, 0.9) == "PAUSE"
    assert sweep.choose() is None
    assert sweep.tell(2, 1, 0.1) == "STOP"  # the last to come learns at once
    assert sweep.choose() == 1
    assert sweep.given_up == {0}


def test_whoever_completes_a_rung_as_the_best_goes_on_at_once():
    sweep = Sweep(epochs=3, trials=5)
    sweep.tell(0, 1, 0.5)
    sweep.tell(1, 1, 0.5)
    assert sweep.tell(2, 1, 0.9) == "CONTINUE"
    assert sweep.choose() is None
    assert sweep.given_up == {0, 1}


def test_less_is_better_in_mode_min_and_the_lower_number_of_equals():
    sweep = Sweep(epochs=3, trials=5, mode="min")
    for number, value in enumerate((0.5, 0.2, 0.2)):
        sweep.tell(number, 1, value)
    assert sweep.choose() == 1


def test_the_bracket_of_whole_trainings_never_waits():
    sweep = Sweep(epochs=3, trials=5)
    assert [sweep.tell(4, epoch, 0.1) for epoch in (1, 2, 3)] == ["CONTINUE"] * 3


def test_a_failure_completes_a_rung_too():
    sweep = Sweep(epochs=3, trials=5)
    sweep.tell(0, 1, 0.5)
    sweep.tell(1, 1, 0.9)
    sweep.fail(2)
    assert sweep.choose() == 1
    assert sweep.given_up == {0}


def test_a_bracket_whose_trials_all_fail_ends():
    sweep = Sweep(epochs=3, trials=5)
    for number in range(3):
        sweep.fail(number)
    assert sweep.choose() is None


def test_a_value_that_is_no_number_stops_its_trial_and_enters_no_rung():
    sweep = Sweep(epochs=3, trials=5)
    sweep.tell(0, 1, 0.5)
    assert sweep.tell(1, 1, float("nan")) == "STOP"
    assert sweep.tell(2, 1, 0.4) == "PAUSE"  # number 1 is not known to be over yet
    sweep.fail(1)
    assert sweep.choose() == 0


def test_a_failure_told_late_leads_to_the_same_promotions():
    shape = Shape((4, 2, 1), (1, 3, 9))
    events = [(0, 1, 0.5), (1, 1, 0.9), (3, 1, 0.7), (1, 3, 0.8), (3, 3, 0.9)]
    members = []
    for late in (False, True):
        bracket, left = Bracket(shape, range(4)), []
        if not late:
            bracket.leave(2)
        for number, epoch, score in events:
            bracket.report(number, epoch, score)
            left += bracket.settle()
        if late:
            bracket.leave(2)
            left += bracket.settle()
        members.append((bracket.members, sorted(left)))
    # four trials, one failed: 1 and 3 go on, 0 is left behind; at epoch 3 number 3 is the better
    assert members == [([3], [0, 1])] * 2


def test_trials_beyond_the_plan_open_a_round_of_the_papers_size():
    sweep = Sweep(epochs=3, trials=5)
    for number in range(5, 10):  # R = 3: 3 trials x 1 epoch -> 1 x 3, 2 trials x 3 epochs
        seat = sweep.floor.seats[number] = Seat(number, RUNNING)
        sweep.scheduler.on_trial_add(sweep.floor, seat)
    assert [sweep.tell(number, 1, number / 10) for number in (5, 6, 7)] == ["PAUSE", "PAUSE", "CONTINUE"]
    assert sweep.tell(8, 1, 0.0) == "CONTINUE"
