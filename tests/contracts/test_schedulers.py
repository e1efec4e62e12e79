"""What every scheduler keeps to: a small sweep, played through seats and floor as the conductor plays it."""

import math
from collections import deque

import pytest

from search_spaces import plugins
from tracking.records import Objective
from tuner.schedulers import Scheduler
from tuner.seats import ERROR, PAUSED, RUNNING, TERMINATED, Floor, Seat

NAMES = plugins.names("tuner.schedulers")
EPOCHS, TRIALS = 20, 24


def learns(number, epoch):
    """A curve: each trial has its own height (a permutation of 24) and comes to it slowly."""
    return (number * 7 % 24) / 24 * (1 - math.exp(-epoch / 5))


def learns_or_breaks(number, epoch):
    """Every fifth trial gives NaN at epoch 1, 3 or 7, and would have been the best."""
    return (
        float("nan")
        if number % 5 == 2 and epoch >= (1, 3, 7)[number % 3]
        else learns(number, epoch) + (number % 5 == 2)
    )


class Play:
    """Plays a sweep to its end with some workers; each does an epoch in turn."""

    def __init__(self, name, curve, workers=1, mode="max"):
        scheduler = plugins.find("tuner.schedulers", name)()
        self.scheduler = scheduler.build(Objective("acc", mode), EPOCHS, TRIALS)
        self.floor, self.curve, self.workers = Floor(), curve, workers
        self.history, self.epochs, self.promoted = [], {}, []
        self.working = deque()
        self._run()

    def _run(self):
        for _ in range(TRIALS * EPOCHS + 1):
            while len(self.working) < self.workers and (seat := self._next()) is not None:
                seat.status = RUNNING
                self.working.append(seat)
            if not self.working:
                return
            self._epoch(self.working.popleft())
        raise AssertionError("the sweep does not end")

    def _next(self):
        chosen = self.scheduler.choose_trial_to_run(self.floor)
        assert self.scheduler.choose_trial_to_run(self.floor) is chosen
        if chosen is not None:
            assert chosen.status == PAUSED
            self.promoted.append(chosen.number)
        return chosen or self._ask()

    def _ask(self):
        number = len(self.floor.seats)
        if number == TRIALS:
            return None
        seat = self.floor.seats[number] = Seat(number, RUNNING)
        self.scheduler.on_trial_add(self.floor, seat)
        self.epochs[number] = 0
        return seat

    def _epoch(self, seat):
        self.epochs[seat.number] += 1
        epoch = self.epochs[seat.number]
        value = self.curve(seat.number, epoch)
        if not math.isfinite(value):
            seat.status = ERROR
            self.scheduler.on_trial_error(self.floor, seat)
            self.history.append((seat.number, epoch, value, None))
            self._give_up()
            return
        result = {"training_iteration": epoch, "acc": value}
        answer = self.scheduler.on_trial_result(self.floor, seat, result)
        self.history.append((seat.number, epoch, value, answer))
        if epoch == EPOCHS or answer == "STOP":
            seat.status = TERMINATED
            self.scheduler.on_trial_complete(self.floor, seat, result)
        elif answer == "PAUSE":
            seat.status = PAUSED
        else:
            assert answer == "CONTINUE"
            self.working.append(seat)
        self._give_up()

    def _give_up(self):
        while self.floor.stopped:
            seat = self.floor.stopped.pop()
            assert seat.status == PAUSED
            seat.status = TERMINATED
            self.scheduler.on_trial_remove(self.floor, seat)

    @property
    def whole(self):
        return {number for number, epoch in self.epochs.items() if epoch == EPOCHS}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_sweep_ends_and_no_trial_does_more_than_its_epochs(name, workers):
    play = Play(name, learns, workers)
    assert len(play.epochs) == TRIALS
    assert all(1 <= epochs <= EPOCHS for epochs in play.epochs.values())
    # heights are a permutation: trial 17 (17 x 7 = 119, 119 % 24 = 23) has the greatest
    assert play.whole
    assert 17 in play.whole or name == "hyperband"  # which may meet its rivals in another bracket, but never loses it


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_in_mode_min_the_least_is_the_best(name, workers):
    play = Play(name, lambda number, epoch: -learns(number, epoch), workers, mode="min")
    assert play.epochs == Play(name, learns, workers).epochs


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("curve", [learns, learns_or_breaks])
def test_the_history_told_again_gives_the_same_answers(name, workers, curve):
    play = Play(name, curve, workers)
    again = plugins.find("tuner.schedulers", name)().build(Objective("acc"), EPOCHS, TRIALS)
    floor = Floor()
    for number in range(TRIALS):
        again.on_trial_add(floor, floor.seats.setdefault(number, Seat(number, RUNNING)))
    for number, epoch, value, answer in play.history:
        tell(again, floor, floor.seats[number], {"training_iteration": epoch, "acc": value}, answer)


def tell(scheduler, floor, seat, result, answer):
    """Tell one entry of a history, and see that the answer is the one that it had."""
    if answer is None:
        seat.status = ERROR
        scheduler.on_trial_error(floor, seat)
        return
    seat.status = RUNNING
    assert scheduler.on_trial_result(floor, seat, result) == answer
    if answer == "PAUSE":
        seat.status = PAUSED
    elif answer == "STOP" or result["training_iteration"] == EPOCHS:
        seat.status = TERMINATED
        scheduler.on_trial_complete(floor, seat, result)


def test_a_report_told_twice_is_answered_alike_and_changes_nothing(name):
    play = Play(name, learns)
    assert play.history
    for number, epoch, value, answer in play.history:
        result = {"training_iteration": epoch, "acc": value}
        assert play.scheduler.on_trial_result(play.floor, play.floor.seats[number], result) == answer
    assert not play.floor.stopped
    assert play.scheduler.choose_trial_to_run(play.floor) is None


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_trial_that_breaks_is_never_chosen_again_and_holds_nobody_up(name, workers):
    play = Play(name, learns_or_breaks, workers)
    broken = {number for number, seat in play.floor.seats.items() if seat.status == ERROR}
    assert broken and play.whole
    for number in broken:
        assert number not in play.promoted or play.epochs[number] > 1
        assert play.epochs[number] <= (1, 3, 7)[number % 3]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_equal_values_do_not_stall(name, workers):
    play = Play(name, lambda number, epoch: 0.5, workers)
    assert len(play.epochs) == TRIALS
    assert play.whole


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_sweep_in_which_all_fails_ends(name, workers):
    play = Play(name, lambda number, epoch: float("nan"), workers)
    assert set(play.epochs.values()) == {1}
    assert not play.promoted and not play.whole


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("mode", ["max", "min"])
def test_a_value_that_is_no_number_wins_nothing_and_is_compared_with_nothing(name, value, mode):
    told, without = (small(name, mode) for _ in range(2))
    for number in range(8):
        result = {"training_iteration": 1, "acc": value if number % 2 else 0.5}
        answer = told.on_trial_result(told.floor, told.floor.seats[number], result)
        if number % 2:
            assert answer == "STOP" or name == "none"
        else:
            told_alone = without.on_trial_result(without.floor, without.floor.seats[number], result)
            assert answer == told_alone


def small(name, mode):
    """A scheduler whose trials are all at work, with the floor that they stand on."""
    scheduler = plugins.find("tuner.schedulers", name)().build(Objective("acc", mode), EPOCHS, TRIALS)
    scheduler.floor = Floor()
    for number in range(TRIALS):
        seat = scheduler.floor.seats[number] = Seat(number, RUNNING)
        scheduler.on_trial_add(scheduler.floor, seat)
    return scheduler


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_trials_that_never_come_hold_nobody_up(name, workers):
    class Short(Play):
        def _ask(self):
            if len(self.floor.seats) < 7:
                return super()._ask()
            self.floor.full = True
            return self.scheduler.choose_trial_to_run(self.floor)

    play = Short(name, learns, workers)
    assert len(play.epochs) == 7
    assert play.whole


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_plan_tells_about_what_it_costs(name, workers):
    lines = plugins.find("tuner.schedulers", name)().plan(EPOCHS, TRIALS)
    planned = next(int(word) for word in lines[-1].split() if word.isdigit())
    spent = sum(Play(name, learns, workers).epochs.values())
    if lines[-1].startswith("at most"):  # how many stop is not planned
        assert spent <= planned
        return
    assert planned <= spent <= 1.7 * planned  # asynchronous promotion sends some on that a full rung would not


def test_a_scheduler_with_its_options_survives_json(name):
    kind = plugins.find("tuner.schedulers", name)
    assert issubclass(kind, Scheduler)
    assert kind.model_validate_json(kind().model_dump_json()) == kind()
    assert all(field.description for field in kind.model_fields.values())
    assert kind.summary().endswith(".")


def test_listing_the_schedulers_imports_no_ray():
    import subprocess
    import sys

    code = (
        "import sys; from search_spaces import plugins; "
        "[plugins.find('tuner.schedulers', name) for name in plugins.names('tuner.schedulers')]; "
        "sys.exit(any(heavy in sys.modules for heavy in ('ray', 'torch', 'optuna')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
