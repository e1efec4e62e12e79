from tuner.rungs import Rung, cost, describe, levels


def test_levels_grow_by_the_factor_and_stay_below_a_whole_training():
    assert levels(1, 20, 3) == [1, 3, 9]
    assert levels(1, 9, 3) == [1, 3]  # 9 is the whole training, not a rung below it
    assert levels(2, 20, 4) == [2, 8]


def test_a_grace_as_long_as_the_training_leaves_no_rung():
    assert levels(5, 5, 3) == []
    assert levels(1, 1, 3) == []


def test_the_best_come_first_and_the_lower_number_first_of_equals():
    rung = Rung(1)
    rung.scores.update({4: 0.5, 2: 0.5, 3: 0.9, 1: 0.1})
    assert rung.best(3) == [3, 2, 4]
    assert rung.best(0) == []
    assert len(rung) == 4


def test_a_plan_reads_as_counts_and_epochs():
    assert describe([13, 4, 1], [2, 7, 20]) == "13 trials x 2 epochs -> 4 x 7 -> 1 x 20"
    assert describe([1], [1]) == "1 trial x 1 epoch"


def test_the_cost_counts_only_what_each_rung_adds():
    # 13 x 2, then 4 from 2 to 7, then 1 from 7 to 20: 26 + 20 + 13
    assert cost([13, 4, 1], [2, 7, 20]) == 59
