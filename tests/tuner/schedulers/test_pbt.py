import math

import pytest

from search_spaces.space import Space
from tracking.records import Objective
from tuner.errors import SpecError
from tuner.schedulers.pb2 import Pb2
from tuner.schedulers.pbt import Pbt
from tuner.searchers.bohb import Bohb
from tuner.searchers.gp import Gp
from tuner.searchers.grid import GridSearch
from tuner.searchers.random import RandomSearch
from tuner.searchers.tpe import Tpe
from tuner.seats import PAUSED, RUNNING, Floor, Seat
from tuner.spec import SweepSpec

SGD = Space.read(
    {
        "optimizer": {
            "sgd": {"lr": {"low": 0.01, "high": 1.0, "log": True}, "momentum": {"low": 0.0, "high": 0.9}},
            "adamw": {"lr": {"low": 1e-4, "high": 0.1, "log": True}},
        }
    }
)


def params(number):
    return {
        "optimizer": "sgd",
        "optimizer.sgd.lr": 0.02 * (number + 1),
        "optimizer.sgd.momentum": 0.5,
        "optimizer.sgd.nesterov": False,
        "optimizer.sgd.weight_decay": 1e-4,
    }


class Sweep:
    """A population with its floor, driven as the conductor drives it; a trial's score follows from its settings."""

    def __init__(self, kind=Pbt, trials=8, epochs=12, seed=0, mode="max", **options):
        scheduler = kind(**options)
        self.scheduler = scheduler.build(Objective("acc", mode), epochs, trials, SGD, seed)
        self.floor, self.epochs, self.copies, self.order = Floor(), epochs, [], []
        self.told = []
        for number in range(trials):
            self.start(number)

    def start(self, number):
        seat = self.floor.seats[number] = Seat(number, RUNNING, config=params(number))
        self.scheduler.on_trial_add(self.floor, seat)
        seat.score = 0.0
        self.train(seat)

    def train(self, seat):
        """To the next exchange, or the end."""
        self.order.append(seat.number)
        while seat.status == RUNNING:
            epoch = seat.last_result.get("training_iteration", 0) + 1
            seat.score += 0.1 - math.log10(seat.config["optimizer.sgd.lr"] / 0.1) ** 2 / 10
            seat.last_result = {"training_iteration": epoch, "acc": seat.score}
            self.told.append((seat.number, epoch, seat.score, seat.config, seat.exploit))
            if self.scheduler.on_trial_result(self.floor, seat, seat.last_result) == "PAUSE":
                seat.status = PAUSED
            elif epoch == self.epochs:
                seat.status = "TERMINATED"
                self.scheduler.on_trial_complete(self.floor, seat, seat.last_result)

    def go_on(self):
        seat = self.scheduler.choose_trial_to_run(self.floor)
        if seat is None:
            return None
        assert self.scheduler.choose_trial_to_run(self.floor) is seat  # asking again changes nothing
        if exploit := seat.exploit:
            epoch = seat.last_result["training_iteration"]
            self.copies.append((seat.number, epoch, exploit))
            seat.score, seat.config = self.score_of(exploit.donor, epoch), exploit.params
        seat.status = RUNNING
        self.train(seat)
        return seat

    def score_of(self, number, epoch):
        return next(score for told, at, score, *_ in self.told if (told, at) == (number, epoch))

    def finish(self):
        while self.go_on():
            pass
        return self


def test_with_one_worker_the_population_comes_forward_together():
    sweep = Sweep(trials=4, epochs=6).finish()
    assert sweep.order == [0, 1, 2, 3] * 3
    assert {seat.status for seat in sweep.floor.seats.values()} == {"TERMINATED"}


def test_the_worst_two_of_eight_copy_one_of_the_best_two():
    # the nearer the learning rate to 0.1 the better: 4 has 0.1, then 5 with 0.12 and 3 with 0.08; 0 has 0.02, 1 0.04
    sweep = Sweep()
    for _ in range(8):
        sweep.go_on()
    assert [(number, epoch) for number, epoch, _ in sweep.copies] == [(0, 2), (1, 2)]
    for _, _, exploit in sweep.copies:
        assert exploit.donor in (4, 5)
        before, after = params(exploit.donor), exploit.params
        assert after["optimizer"] == "sgd"
        assert after["optimizer.sgd.lr"] != before["optimizer.sgd.lr"]
        assert 0.01 <= after["optimizer.sgd.lr"] <= 1.0


def test_without_resampling_a_copy_has_eight_or_twelve_tenths_of_each_number():
    for _, _, exploit in Sweep(resample_probability=0.0).finish().copies[:2]:
        lr = params(exploit.donor)["optimizer.sgd.lr"]
        assert exploit.params["optimizer.sgd.lr"] in (pytest.approx(0.8 * lr), pytest.approx(1.2 * lr))
        assert exploit.params["optimizer.sgd.momentum"] in (pytest.approx(0.4), pytest.approx(0.6))
        assert exploit.params["optimizer.sgd.nesterov"] is False


@pytest.mark.parametrize("kind", [Pbt, Pb2])
def test_the_same_seed_gives_the_same_copies_and_another_one_others(kind):
    first, same, other = (Sweep(kind, seed=seed).finish().copies for seed in (1, 1, 2))
    assert len(first) >= 5
    assert first == same != other


@pytest.mark.parametrize("kind", [Pbt, Pb2])
def test_a_fresh_scheduler_that_is_told_the_history_decides_the_same(kind):
    whole = Sweep(kind).finish()
    for killed in range(1, len(whole.told)):
        again = Sweep(kind, trials=0)
        again.scheduler = kind().build(Objective("acc"), 12, 8, SGD, 0)
        for number in range(8):
            seat = again.floor.seats[number] = Seat(number, RUNNING, config=params(number))
            again.scheduler.on_trial_add(again.floor, seat)
        for number, epoch, score, config, exploit in whole.told[:killed]:
            seat = again.floor.seats[number]
            seat.config, seat.exploit = config, exploit
            seat.last_result = {"training_iteration": epoch, "acc": score}
            answer = again.scheduler.on_trial_result(again.floor, seat, seat.last_result)
            seat.status = PAUSED if answer == "PAUSE" else RUNNING
        if all(seat.status == PAUSED for seat in again.floor.seats.values()):
            at = {seat.number: seat.last_result["training_iteration"] for seat in again.floor.seats.values()}
            expected = next((it for it in whole.copies if at[it[0]] == it[1] and it[0] == min(at, key=at.get)), None)
            chosen = again.scheduler.choose_trial_to_run(again.floor)
            assert chosen.number == min(at, key=lambda number: (at[number], number))
            assert chosen.exploit == (expected[2] if expected else None)


@pytest.mark.parametrize("kind", [Pbt, Pb2])
def test_less_is_better_in_mode_min(kind):
    sweep = Sweep(kind)
    mirrored = Sweep(kind, trials=0, mode="min")
    for number in range(8):
        seat = mirrored.floor.seats[number] = Seat(number, RUNNING, config=params(number))
        mirrored.scheduler.on_trial_add(mirrored.floor, seat)
    for number, epoch, score, *_ in sweep.told:
        seat = mirrored.floor.seats[number]
        seat.last_result = {"training_iteration": epoch, "acc": -score}
        mirrored.scheduler.on_trial_result(mirrored.floor, seat, seat.last_result)
        seat.status = PAUSED
    ours, theirs = (it.scheduler.choose_trial_to_run(it.floor) for it in (sweep, mirrored))
    assert (ours.number, ours.exploit) == (theirs.number, theirs.exploit)


def distance(lr):
    return abs(math.log10(lr / 0.1))


@pytest.mark.parametrize("kind", [Pbt, Pb2])
def test_a_population_that_exchanges_weights_ends_with_better_scores(kind):
    sweep = Sweep(kind, epochs=30).finish()
    alone = [30 * (0.1 - distance(params(number)["optimizer.sgd.lr"]) ** 2 / 10) for number in range(8)]
    together = [seat.score for seat in sweep.floor.seats.values()]
    assert sum(together) > sum(alone) + 0.1
    assert min(together) > min(alone)


def test_the_bandit_finds_the_numbers_that_gain_most():
    # the range is two decades wide, the best at its middle: of draws at random three in ten come as near
    sweeps = [Sweep(Pb2, epochs=30, seed=seed).finish() for seed in range(3)]
    late = [exploit.params["optimizer.sgd.lr"] for it in sweeps for _, epoch, exploit in it.copies if epoch > 4]
    assert len(late) > 50
    assert sum(distance(lr) < 0.3 for lr in late) > 0.55 * len(late)


def test_the_bandit_changes_numbers_alone_and_stays_in_their_ranges():
    for _, _, exploit in Sweep(Pb2).finish().copies:
        assert exploit.params["optimizer"] == "sgd"
        assert exploit.params["optimizer.sgd.nesterov"] is False
        assert "optimizer.adamw.lr" not in exploit.params
        SGD.validate(exploit.params)


def test_the_plan_tells_who_copies_whom_and_when():
    assert Pbt().plan(20, 24) == [
        "24 trials x 20 epochs, in turns of 2",
        "at each of 9 exchanges the worst 6 may copy the best 6",
        "480 of 480 epochs in all",
    ]


def problems(space, searcher=None, epochs=20, trials=24, kind=Pbt, **options):
    return [str(it) for it in kind(**options).problems(space, searcher or RandomSearch(), epochs, trials)]


def test_a_space_in_which_nothing_may_change_is_refused_with_what_to_do():
    fixed = {"optimizer": {"sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}}}
    space = Space.read({"architecture": {"mlp": {"width": [8, 16], "depth": 1, "dropout": 0.1}}, **fixed})
    (problem,) = problems(space)
    assert problem.startswith("scheduler: pbt changes settings while networks train, but what is searched (")
    assert problem.endswith(") must stay then: search the optimizer's numbers too, lr for one, or use asha")
    assert "architecture.mlp.width" in problem


def test_options_alone_are_enough_for_pbt_and_not_for_the_bandit():
    space = Space.read(
        {"optimizer": {"sgd": {"lr": [0.1, 0.2], "momentum": 0.9, "nesterov": [False, True], "weight_decay": 0.0}}}
    )
    assert problems(space) == []
    (problem,) = problems(space, kind=Pb2)
    assert problem.startswith("scheduler: pb2 changes numbers while networks train")


def test_a_searcher_that_learns_from_whole_trainings_alone_is_refused():
    for searcher in (Tpe(), Gp()):
        assert problems(SGD, searcher) == [
            f"searcher: pbt begins all its trials before one is trained to its end, and {searcher.key()} learns from "
            "whole trainings alone: use auto, random or another"
        ]
    assert [problems(SGD, searcher) for searcher in (RandomSearch(), GridSearch(), Bohb())] == [[], [], []]


def test_a_sweep_without_an_exchange_or_a_population_is_refused():
    assert problems(SGD, epochs=2) == [
        "scheduler.pbt.interval_epochs: must be below budget.epochs, got 2 of 2: there would be no exchange"
    ]
    assert problems(SGD, trials=1) == ["budget.trials: pbt needs a population of at least 2 trials, got 1"]


def test_a_spec_is_refused_with_every_reason_at_once():
    raw = {"dataset": "digits", "architecture": "mlp", "scheduler": "pbt", "searcher": "tpe", "budget": {"epochs": 2}}
    with pytest.raises(SpecError, match=r"(?s)interval_epochs: must be below.*searcher: pbt begins"):
        SweepSpec.read(raw)
