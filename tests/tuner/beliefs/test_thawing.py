import math

import numpy as np
import pytest

from search_spaces.dimensions import Between
from search_spaces.flat import FlatSpace
from tuner.beliefs import thawing
from tuner.beliefs.belief import Belief
from tuner.beliefs.coordinates import Coordinates
from tuner.beliefs.thawing import STARTUP, Thawing

SPACE = FlatSpace({"x": Between(0.0, 1.0), "y": Between(0.0, 1.0)})
LEVELS, EPOCHS = [1, 3, 9], 27


def height(point):
    """The best is at (0.7, 0.3)."""
    return 1 - (point["x"] - 0.7) ** 2 - (point["y"] - 0.3) ** 2


def curve(point, epoch):
    return height(point) * (1 - math.exp(-epoch / 4))


class Sweep:
    """Plays one trial at a time: each turn goes on until the book says to wait."""

    def __init__(self, trials, seed=0, fails=lambda number: False, seconds=lambda point: math.nan, curve=curve):
        self.book = Thawing(Coordinates(SPACE), LEVELS, EPOCHS, trials, seed)
        self.trials, self.fails, self.seconds, self.curve = trials, fails, seconds, curve
        self.points, self.epochs, self.order, self.wishes = {}, {}, [], []
        self.paused, self.failed = set(), set()
        self.rng = np.random.default_rng(seed)
        while self.turn():
            pass

    def turn(self):
        number = self.book.promoted(self.paused, running=False)
        assert self.book.promoted(self.paused, running=False) == number
        if number is None:
            if len(self.points) == self.trials:
                return False
            number = self.begin()
        self.paused.discard(number)
        self.order.append(number)
        self.train(number)
        return True

    def begin(self):
        number, wish = len(self.points), self.book.wish
        self.wishes.append(wish)
        drawn = {"x": float(self.rng.random()), "y": float(self.rng.random())}
        self.points[number] = wish if isinstance(wish, dict) else drawn
        self.book.meet(number, self.points[number])
        self.book.enter(number)
        self.epochs[number] = 0
        return number

    def train(self, number):
        if self.fails(number):
            self.failed.add(number)
            self.book.fail(number)
            return
        while self.epochs[number] < EPOCHS:
            self.epochs[number] += 1
            self.book.clock(number, self.epochs[number], self.epochs[number] * self.seconds(self.points[number]))
            answer = self.book.report(number, self.epochs[number], self.curve(self.points[number], self.epochs[number]))
            if answer == "PAUSE":
                self.paused.add(number)
                return
        self.book.leave(number)


@pytest.fixture(scope="module")
def sweep():
    return Sweep(trials=60)


def test_every_trial_begins_and_the_best_points_are_trained_to_the_end(sweep):
    assert len(sweep.points) == 60
    whole = [number for number, epochs in sweep.epochs.items() if epochs == EPOCHS]
    assert whole
    best = max(height(sweep.points[number]) for number in whole)
    assert best > 0.995  # of 60 random points the best is at 0.995 on average
    assert max(height(point) for point in sweep.points.values()) - best < 0.005


def test_most_epochs_go_to_good_points(sweep):
    spent = sum(sweep.epochs.values())
    good = sum(epochs for number, epochs in sweep.epochs.items() if height(sweep.points[number]) > 0.95)
    assert good / spent > 0.4  # a circle with 0.16 of the area


def test_the_first_trials_are_begun_without_the_model(sweep):
    assert sweep.wishes[:STARTUP] == [None] * STARTUP
    assert {"explore"} < {it if isinstance(it, str) else "found" for it in sweep.wishes[STARTUP:]}


def test_three_ways_of_deciding_share_the_epochs(sweep):
    spent = sweep.book._spent
    assert max(spent.values()) - min(spent.values()) <= EPOCHS + max(LEVELS)


def flattering(point, epoch):
    """Every beginning seems better than any end, and the better the further it lies from where the ends are good."""
    return height(point) if epoch >= 9 else 0.9 + 0.2 * (0.5 - point["x"]) + 0.3 * abs(point["y"] - 0.3)


@pytest.mark.parametrize("seed", range(3))
def test_beginnings_that_flatter_do_not_hide_what_trainings_come_to(seed):
    sweep = Sweep(trials=60, seed=seed, curve=flattering)
    ends = [height(sweep.points[number]) for number, epochs in sweep.epochs.items() if epochs == EPOCHS]
    assert max(ends) > 0.8  # counting each trial's best since its beginning came to 0.47, 0.27 and 0.45


def test_the_same_reports_lead_to_the_same_decisions(sweep):
    again = Sweep(trials=60)
    assert again.order == sweep.order
    assert again.points == sweep.points


def test_a_model_that_few_observations_renew_finds_the_best_too_and_names_nobody_it_has_not_heard_of(monkeypatch):
    """As with thousands of observations, where a hundredth of them renews it: here ten do."""
    monkeypatch.setattr(thawing, "renewed", lambda count: max(count - count % 10, 1))
    named = []
    most_hoped = Belief.most_hoped

    def noted(belief, numbers, above):
        named.append((most_hoped(belief, numbers, above), set(belief._evidence.seen.trials.tolist())))
        return named[-1][0]

    monkeypatch.setattr(Belief, "most_hoped", noted)
    sweep = Sweep(trials=60)
    whole = [number for number, epoch in sweep.epochs.items() if epoch == EPOCHS]
    assert max(height(sweep.points[number]) for number in whole) > 0.995
    assert named and all(number is None or number in heard for number, heard in named)
    assert sweep.order == Sweep(trials=60).order


def test_a_trial_that_failed_is_never_named_and_its_neighbourhood_is_avoided():
    sweep = Sweep(trials=30, fails=lambda number: number % 4 == 3)
    assert sweep.failed
    assert all(sweep.order.count(number) == 1 for number in sweep.failed)
    assert any(epochs == EPOCHS for epochs in sweep.epochs.values())


def test_who_is_sent_to_the_end_goes_on_before_anyone_else(sweep):
    """Once a trial of `whole` waits, the next turn is its own, until it is whole."""
    gaps = [
        sweep.order[i + 1] == number
        for i, number in enumerate(sweep.order[:-1])
        if sweep.order.count(number) == len(LEVELS) + 1 and sweep.order[: i + 1].count(number) > 1
    ]
    assert gaps


def test_where_an_epoch_is_a_whole_training_nobody_waits():
    book = Thawing(Coordinates(SPACE), [], 1, 5, 0)
    book.meet(0, {"x": 0.5, "y": 0.5})
    book.enter(0)
    assert book.report(0, 1, 0.5) == "CONTINUE"
    book.leave(0)
    assert book.promoted(set(), running=False) is None


def test_where_an_epoch_is_a_whole_training_the_searcher_draws_every_point():
    book = Thawing(Coordinates(SPACE), [], 1, 40, 0)
    for number in range(40):
        assert book.wish is None
        book.meet(number, {"x": number / 40, "y": 0.5})
        book.enter(number)
        book.report(number, 1, 0.5)
        book.leave(number)


def answers(book, seconds):
    """What one trial after the other is told at each epoch, if nobody is taken up again."""
    found = []
    for number in range(6):
        book.meet(number, {"x": number / 6, "y": 0.5})
        book.enter(number)
        for epoch in range(1, EPOCHS + 1):
            book.clock(number, epoch, seconds(epoch))
            answer = book.report(number, epoch, 0.5)
            found.append((number, epoch, answer))
            if answer == "PAUSE":
                break
    return [(number, epoch) for number, epoch, answer in found if answer == "PAUSE"]


def test_where_nearly_all_time_passes_before_the_first_rung_nobody_waits_there():
    assert answers(Thawing(Coordinates(SPACE), LEVELS, EPOCHS, 6, 0), lambda epoch: 100 + epoch) == []


def test_where_epochs_take_equally_long_only_the_first_three_trials_go_past_the_first_rung():
    waits = answers(Thawing(Coordinates(SPACE), LEVELS, EPOCHS, 6, 0), lambda epoch: 2.0 * epoch)
    assert waits == [(0, 3), (1, 3), (2, 3), (3, 1), (4, 1), (5, 1)]


def test_who_waits_before_a_way_that_turned_out_cheap_goes_on_first():
    book = Thawing(Coordinates(SPACE), LEVELS, EPOCHS, 6, 0)
    for number, score in ((0, 0.2), (1, 0.4), (2, 0.3)):
        book.meet(number, {"x": number / 6, "y": 0.5})
        book.enter(number)
        assert book.report(number, 1, score) == "PAUSE"  # nothing told the time
    book.meet(3, {"x": 0.9, "y": 0.5})
    book.enter(3)
    book.clock(3, 1, 100.0)
    assert book.report(3, 1, 0.1) == "CONTINUE"
    book.clock(3, 3, 101.0)
    assert book.report(3, 3, 0.1) == "CONTINUE"
    assert book.promoted({0, 1, 2}, running=True) == 1


def test_of_two_hills_alike_points_are_begun_on_the_cheaper_one():
    """Summits at x = 0.2 and 0.8; on the second hill an epoch takes thirty times as long."""

    def dear_ones(played):
        found = [wish["x"] > 0.5 for wish in played.wishes if isinstance(wish, dict)]
        return sum(found) / len(found)

    def hills(point, epoch):
        return (1 - min(abs(point["x"] - 0.2), abs(point["x"] - 0.8)) - abs(point["y"] - 0.3)) * (1 - 0.8**epoch)

    untimed = [Sweep(trials=40, seed=seed, curve=hills) for seed in range(3)]
    timed = [Sweep(40, seed, curve=hills, seconds=lambda it: 30.0 if it["x"] > 0.5 else 1.0) for seed in range(3)]
    assert sum(map(dear_ones, timed)) < sum(map(dear_ones, untimed)) / 2
