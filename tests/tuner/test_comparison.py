import math
from dataclasses import replace
from pathlib import Path

import pytest

from tuner.comparison import Contest, Outcome, compare
from tuner.errors import SpecError, UsageError
from tuner.standings import curves, single_runs, table


@pytest.fixture
def contest(recordings: Path) -> Contest:
    methods = (("random", "none"), ("random", "asha"))
    return Contest(recordings, ("hills", "plain"), methods, seeds=3, workers=2, trainings=8)


def outcomes_of(contest: Contest, regrets: dict[tuple[str, str], list[float]]) -> list[Outcome]:
    """Outcomes with these regrets at the last mark and point, 1 before."""
    found, left = [], {method: iter(values) for method, values in regrets.items()}
    for run in contest.runs():
        regret = next(left[run.searcher, run.scheduler])
        marks = [1.0] * (len(contest.marks) - 1) + [regret]
        found.append(Outcome(run, marks, [1.0] * (len(contest.points) - 1) + [regret], 4, [0.001, 0.002, 0.006]))
    return found


def test_marks_are_those_below_the_budget_and_the_budget(contest: Contest) -> None:
    assert contest.marks == (5, 8)
    assert replace(contest, trainings=40).marks == (5, 10, 20, 40)
    assert replace(contest, trainings=1).marks == (1,)
    assert replace(contest, trainings=250).marks == (5, 10, 20, 40, 100, 250)
    assert str(contest) == "2 tasks x 3 seeds, 2 workers, 8 whole trainings each"


def test_the_table_has_means_and_student_intervals_over_tasks_and_seeds(contest: Contest) -> None:
    regrets = {("random", "none"): [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], ("random", "asha"): [0.2] * 6}
    found = table(outcomes_of(contest, regrets))
    assert found["searcher"].tolist() == ["random", "random"] and found["scheduler"].tolist() == ["none", "asha"]
    assert found["regret at 8"].tolist() == pytest.approx([0.35, 0.2])
    # the sample's deviation is sqrt(0.035), Student's t for 5 degrees and 97.5 % is 2.5706 (any table)
    assert found["± at 8"].tolist() == pytest.approx([2.5706 * math.sqrt(0.035 / 6), 0.0], rel=1e-4)
    assert found["regret at 5"].tolist() == [1.0, 1.0]
    assert found["suggestion_ms"].tolist() == [2.0, 2.0] and found["trials"].tolist() == [4.0, 4.0]


def test_the_curves_end_with_the_budget(contest: Contest) -> None:
    regrets = {("random", "none"): [0.4] * 6, ("random", "asha"): [0.2] * 6}
    found = curves(outcomes_of(contest, regrets))
    assert found.groupby("method", sort=False)["trainings"].max().to_dict() == {"random + none": 8, "random + asha": 8}
    assert found.groupby("method", sort=False)["regret"].last().tolist() == pytest.approx([0.4, 0.2])


def test_a_single_sweep_has_no_interval(contest: Contest) -> None:
    alone = replace(contest, tasks=("plain",), seeds=1, methods=(("random", "none"),))
    found = table(list(compare(alone, jobs=1)))
    assert found["± at 8"].isna().all() and found["regret at 8"].notna().all()


def test_every_pair_plays_every_task_with_every_seed(contest: Contest) -> None:
    rows = single_runs(list(compare(contest, jobs=1)))
    assert rows.groupby(["task", "scheduler"])["seed"].apply(list).tolist() == [[0, 1, 2]] * 4
    assert set(rows["workers"]) == {2}
    # the regret of a search never rises
    assert (rows["regret at 8"] <= rows["regret at 5"]).all()


@pytest.mark.slow
def test_other_processes_give_the_same(contest: Contest) -> None:
    alone, together = (list(compare(contest, jobs)) for jobs in (1, 2))
    assert [(it.run, it.points, it.trials) for it in alone] == [(it.run, it.points, it.trials) for it in together]


def test_a_task_without_reference_values_is_refused_before_anything_runs(contest: Contest) -> None:
    with pytest.raises(UsageError, match="'shares' has no ref with best and q50"):
        replace(contest, tasks=("plain", "shares")).check()


def test_a_method_that_does_not_go_with_a_task_is_refused_before_anything_runs(contest: Contest) -> None:
    contest.check()
    with pytest.raises(SpecError, match="hills: searcher: bohb is hyperband with a model of its own, got random"):
        replace(contest, methods=(("random", "none"), ("random", "bohb"))).check()
