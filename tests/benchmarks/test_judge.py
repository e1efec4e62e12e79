import math

import numpy as np
import pytest
from quality import judge
from quality.results import MARKS, Row

# Demsar, JMLR 7 (2006), table 6: the ranks of four algorithms on 14 data sets.
DEMSAR = {
    "C4.5": [4, 1, 4, 4, 4, 1, 3, 2.5, 4, 2.5, 4, 3, 4, 3],
    "C4.5+m": [3, 2, 1, 1, 2, 2.5, 2, 2.5, 3, 2.5, 2.5, 2, 1, 1],
    "C4.5+cf": [2, 3, 2, 3, 3, 4, 4, 4, 2, 2.5, 1, 4, 2, 4],
    "C4.5+m+cf": [1, 4, 3, 2, 1, 2.5, 1, 1, 1, 2.5, 2.5, 1, 3, 2],
}


def row(
    task: str, seed: int, regrets: dict[float, float], *, workers: int = 1, until: float = 40, area: float = 0.0
) -> Row:
    found = tuple(regrets.get(mark, math.nan) for mark in MARKS)
    return Row(task, seed, workers, until, 10, 1.0, area, found, "2026-01-01", "none-1")


def test_ranks_and_friedmans_statistic_are_those_of_demsars_example():
    found = judge.rank(DEMSAR)
    assert found.ranks == pytest.approx(
        {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}, abs=5e-4
    )
    # The paper has 9.28, without the correction for ties: 78 of 840 here, so 9.28 / (1 - 78 / 840).
    assert found.statistic == pytest.approx(9.28 / (1 - 78 / 840), abs=0.02)
    assert 0.01 < found.p < 0.05
    assert found.tasks == 14


@pytest.mark.parametrize(
    ("methods", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (10, 3.164)]
)
def test_nemenyis_critical_values_are_those_of_demsars_table_5(methods: int, q: float):
    tasks = 14
    expected = q * math.sqrt(methods * (methods + 1) / (6 * tasks))
    assert judge.critical_difference(methods, tasks) == pytest.approx(expected, rel=5e-4)


def test_the_critical_difference_of_demsars_example():
    assert judge.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)  # page 12
    assert judge.critical_difference(5, 30, level=0.1) == pytest.approx(2.459 * math.sqrt(5 * 6 / (6 * 30)), rel=5e-4)


def test_groups_are_maximal_and_do_not_join_what_differs():
    found = judge.Ranking({"a": 1.0, "b": 1.8, "c": 2.6, "d": 4.6}, tasks=10, statistic=9, p=0.01, difference=1.0)
    assert found.groups() == [["a", "b"], ["b", "c"]]


def test_a_group_inside_another_is_not_named():
    found = judge.Ranking({"a": 1.0, "b": 1.5, "c": 1.9}, tasks=10, statistic=1, p=0.5, difference=1.0)
    assert found.groups() == [["a", "b", "c"]]


def test_ranks_need_three_methods():
    with pytest.raises(ValueError, match="at least 3 methods and 2 tasks, not 2 and 2"):
        judge.rank({"a": [1, 2], "b": [2, 1]})


def test_seeds_are_averaged_before_tasks_so_that_a_task_counts_once():
    rows = [row("one", seed, {40: regret}) for seed, regret in enumerate([0.0, 0.2, 0.4, 0.6])]
    rows.append(row("two", 0, {40: 1.0}))
    assert judge.at(judge.curve(rows, 1, ["one", "two"]), 40) == pytest.approx((0.3 + 1.0) / 2)


def test_a_run_without_a_finite_value_yet_counts_as_a_median_random_configuration():
    rows = [row("one", 0, {10: 0.5}), row("one", 1, {5: 0.1, 10: 0.1})]
    found = judge.curve(rows, 1, ["one"])
    assert judge.at(found, 5) == pytest.approx((1.0 + 0.1) / 2)
    assert math.isnan(judge.at(found, 100))  # beyond what the runs had


def test_runs_with_other_numbers_of_workers_are_left_out():
    rows = [row("one", 0, {40: 0.2}), row("one", 0, {40: 0.8}, workers=8)]
    assert judge.at(judge.curve(rows, 8, ["one"]), 40) == pytest.approx(0.8)


def test_only_tasks_that_every_method_has_run_are_common():
    rows = {"a": [row("one", 0, {}), row("two", 0, {})], "b": [row("two", 0, {}), row("three", 0, {})]}
    assert judge.common_tasks(rows, 1) == ["two"]


def test_the_share_of_time_is_where_the_curve_first_comes_down_to_the_others_end():
    reference = np.full(len(MARKS), 0.5)
    mine = np.array([0.9 if mark <= 8 else 0.7 if mark <= 9 else 0.3 for mark in MARKS])
    # Straight from 0.7 at 9 to 0.3 at 10: 0.5 at 9.5.
    assert judge.share_of_time(mine, reference, 40) == pytest.approx(9.5 / 40)
    assert judge.share_of_time(reference + 0.1, reference, 40) == math.inf


def test_the_share_of_time_of_a_curve_against_itself_is_whole_if_it_falls_to_the_end():
    mine = np.array([1 / (1 + mark) for mark in MARKS])
    assert judge.share_of_time(mine, mine, 40) == pytest.approx(1.0)


def test_areas_are_averaged_over_seeds_and_then_tasks():
    rows = [row("one", 0, {}, area=0.1), row("one", 1, {}, area=0.3), row("two", 0, {}, area=0.8)]
    assert judge.areas(rows, 1, ["one", "two"]) == pytest.approx(0.5)


def test_p_values_are_corrected_as_holm_does() -> None:
    """Sorted 0.01, 0.03, 0.04 times 3, 2, 1, and never smaller than the one before."""
    assert judge.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_a_method_that_is_better_on_every_task_is_told_from_the_other() -> None:
    """Wilcoxon's exact two-sided p for 8 of 8 is 2 / 2 ** 8."""
    tasks = [f"task {number}" for number in range(8)]
    mine = [row(task, 0, {40: 0.1 + 0.01 * number}) for number, task in enumerate(tasks)]
    other = [row(task, 0, {40: 0.3 + 0.02 * number}) for number, task in enumerate(tasks)]
    found = judge.pairs({"mine": mine, "other": other}, 1, 40, tasks, "mine")
    assert found == {"other": judge.Pair(8, 8, pytest.approx(2 / 2**8))}
