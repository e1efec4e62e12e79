import math
import random

import pytest

from tuner.population import Population, quantile_size

VALUES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def population(trials=8, quantile=0.25, seed=0):
    found = Population(range(2, 10, 2), trials, quantile, seed)
    for number in range(trials):
        found.enter(number)
    return found


def told(values, epoch=2, found=None, **how):
    found = found or population(len(values), **how)
    for number, value in enumerate(values):
        assert found.report(number, epoch, value, {"lr": number}, None) == "PAUSE"
    return found


@pytest.mark.parametrize(
    ("trials", "quantile", "size"),
    [(0, 0.25, 0), (1, 0.25, 0), (2, 0.25, 1), (3, 0.5, 1), (4, 0.25, 1), (5, 0.25, 2), (8, 0.25, 2), (10, 0.2, 2)],
)
def test_a_quantile_is_rounded_up_and_never_more_than_half(trials, quantile, size):
    assert quantile_size(trials, quantile) == size


def test_the_quantiles_are_those_of_rays_population_based_training():
    from ray.tune.schedulers import PopulationBasedTraining

    class Trial:
        def is_finished(self):
            return False

    draw = random.Random(0)
    for trials in range(1, 30):
        quantile = draw.choice([0.1, 0.2, 0.25, 0.4, 0.5])
        theirs = PopulationBasedTraining(
            metric="acc", mode="max", hyperparam_mutations={"lr": [0.1, 0.2]}, quantile_fraction=quantile
        )
        members, values = [Trial() for _ in range(trials)], [draw.random() for _ in range(trials)]
        for member, value in zip(members, values, strict=True):
            theirs._trial_state[member] = type("State", (), {"last_score": value})()
        worst, best = theirs._quantiles()
        ours = told(values, quantile=quantile)
        copying = {number for number in range(trials) if ours.donor(number) is not None}
        assert copying == {members.index(member) for member in worst}
        assert {ours.donor(number) for number in copying} <= {members.index(member) for member in best}


def test_the_worst_copy_one_of_the_best_and_nobody_else_copies():
    # of eight, a quarter are two: 0 and 1 are the worst, 6 and 7 the best
    found = told(VALUES)
    donors = [found.donor(number) for number in range(8)]
    assert set(donors[:2]) <= {6, 7}
    assert donors[2:] == [None] * 6


def test_each_of_the_best_is_copied_by_someone_and_the_seed_says_by_whom():
    chosen = [told(VALUES, seed=seed).donor(0) for seed in range(40)]
    assert chosen == [told(VALUES, seed=seed).donor(0) for seed in range(40)]
    assert {6, 7} == set(chosen)
    assert 8 <= chosen.count(6) <= 32


def test_the_order_in_which_trials_report_does_not_matter():
    found = population()
    for number in (5, 0, 7, 2, 4, 1, 6, 3):
        found.report(number, 2, VALUES[number], {}, None)
    assert [found.donor(number) for number in range(8)] == [told(VALUES).donor(number) for number in range(8)]


def test_equal_scores_are_not_copied():
    assert [told([0.5] * 8).donor(number) for number in range(8)] == [None] * 8


def test_a_failed_trial_is_neither_copied_nor_compared_with():
    found = told(VALUES)
    found.fail(6)
    found.fail(7)
    # six are left, a quarter of them is two, rounded up: 4 and 5 are the best
    assert {found.donor(0), found.donor(1)} <= {4, 5}
    assert found.donor(2) is None


def test_a_trial_is_compared_at_its_own_epoch_with_those_that_have_come_to_it():
    found = told(VALUES)
    for number in (3, 4):
        found.report(number, 4, 0.9 - number / 10, {}, None)
    assert found.donor(4) == 3  # 0.5 of two at epoch 4, although it leads at epoch 2
    assert found.donor(3) is None


def test_trials_wait_at_every_exchange_and_nowhere_else():
    found = population(1)
    answers = [found.report(0, epoch, 0.5, {}, None) for epoch in range(1, 11)]
    assert answers == ["CONTINUE", "PAUSE"] * 4 + ["CONTINUE", "CONTINUE"]  # after the last epoch nothing is exchanged


def test_nobody_goes_on_before_all_have_begun():
    found = Population(range(2, 10, 2), 3, 0.25)
    for number in range(2):
        found.enter(number)
        found.report(number, 2, 0.5, {}, None)
    assert found.promoted({0, 1}, full=False) is None
    assert found.promoted({0, 1}, full=True) == 0  # no third one will come
    found.enter(2)
    assert found.promoted({0, 1}, full=False) == 0


def test_the_least_advanced_goes_on_next_and_the_lower_number_of_equals():
    found = told(VALUES)
    for number in (0, 1):
        found.report(number, 4, 0.9, {}, None)
    assert found.promoted(set(range(8)), full=False) == 2
    assert found.promoted({0, 1, 5}, full=False) == 5
    assert found.promoted({0, 1}, full=False) == 0
    assert found.promoted(set(), full=False) is None


def test_a_turn_gains_what_it_adds_to_the_score_it_began_with():
    found = told((0.1, 0.6))
    found.report(0, 4, 0.7, {"lr": 9}, 1)  # it went on as a copy of trial 1, which had 0.6
    found.report(1, 4, 0.65, {"lr": 1}, None)
    assert found.turns[0, 2].gain is None  # from fresh weights
    assert math.isclose(found.turns[0, 4].gain, 0.1)
    assert math.isclose(found.turns[1, 4].gain, 0.05)
    assert found.turns[0, 4].params == {"lr": 9}
