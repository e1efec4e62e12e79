import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from quality import results
from quality.play import Played
from quality.results import MARKS

Line = Callable[..., Any]


def test_regret_at_a_mark_is_that_of_the_last_improvement_before_it(line: Line):
    found = dict(zip(MARKS, results.regrets(line(), [(0.6, 1.0), (3.5, 0.25), (20.5, 0.1)], until=24), strict=True))
    assert math.isnan(found[0.5])  # nothing known yet
    assert [found[mark] for mark in (1, 3, 4, 20, 24)] == pytest.approx([2.0, 2.0, 0.5, 0.5, 0.2])
    assert math.isnan(found[28])  # the run was over


def test_the_area_is_the_mean_height_of_the_steps(line: Line):
    # Regret 2 from 1 to 3.5, 0.5 from there to 40.
    steps = [(0.6, 1.0), (3.5, 0.25)]
    assert results.area(line(), steps, 40) == pytest.approx((2.5 * 2.0 + 36.5 * 0.5) / 39)
    # 1 until something is known at 4, then 0.5.
    assert results.area(line(), [(4, 0.25)], 40) == pytest.approx((3 * 1.0 + 36 * 0.5) / 39)
    assert math.isnan(results.area(line(), steps, 20))


def test_rows_come_back_as_they_were_written(line: Line, tmp_path: Path):
    path = tmp_path / "method.csv"
    played = Played([(0.6, 1.0), (3.5, 0.25)], trials=7, suggestion=0.0125)
    row = results.row_of(line(), played, (3, 8), 40, ("2026-01-02", "numpy-1 torch-2"))
    results.append(path, row)
    results.append(path, row)
    (found,) = results.read(path)
    assert (found.task, found.seed, found.workers, found.until, found.trials) == ("line", 3, 8, 40, 7)
    assert found.suggestion_ms == pytest.approx(12.5)
    assert found.area == pytest.approx(row.area, rel=1e-3)
    assert found.regrets == pytest.approx(row.regrets, rel=1e-3, nan_ok=True)
    assert (found.date, found.versions) == ("2026-01-02", "numpy-1 torch-2")


def test_of_one_run_the_longer_counts(line: Line, tmp_path: Path):
    path = tmp_path / "method.csv"
    for until in (40, 20):
        results.append(path, results.row_of(line(), Played([(1, 0.2)]), (0, 1), until, ("2026-01-02", "x-1")))
    assert [row.until for row in results.read(path)] == [40]


def test_what_is_missing_is_named_seed_by_seed_and_longer_runs_count_for_shorter_ones(line: Line):
    task, other = line(), line()
    other.name = "other"
    done = [results.row_of(task, Played([(1, 0.2)]), (0, 1), 40, ("2026-01-02", "x-1"))]
    missing = results.missing(done, [task, other], seeds=2, workers=1, until=20)
    assert [(task.name, seed) for task, seed in missing] == [("other", 0), ("line", 1), ("other", 1)]
    assert len(results.missing(done, [task, other], seeds=2, workers=8, until=20)) == 4


def test_a_run_that_was_too_short_is_missing(line: Line):
    done = [results.row_of(line(), Played([(1, 0.2)]), (0, 1), 20, ("2026-01-02", "x-1"))]
    assert len(results.missing(done, [line()], seeds=1, workers=1, until=100)) == 1


def test_what_was_measured_can_be_read():
    found = results.everything()
    assert "random_search" in found
    for name, rows in found.items():
        assert rows, name
        for row in rows:
            known = [regret for regret in row.regrets if not math.isnan(regret)]
            assert known == sorted(known, reverse=True), (name, row.key)  # the incumbent never gets worse
