from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from quality import tasks
from quality.tasks import Task


class Branched:
    """A parent that decides which of two numbers exists; larger values are better; the child is listed first."""

    R, maximize, ref = 1, True, {"best": 10.0, "q50": 4.0}
    space: ClassVar = {
        "depth": {"type": "int", "low": 1, "high": 9, "log": False, "when": [("kind", ["tree"])]},
        "kind": {"type": "cat", "choices": ["tree", "line"]},
    }

    def curve(self, config: dict[str, Any]) -> list[float]:
        return [float(config.get("depth", 0))]


def test_parents_come_before_those_that_depend_on_them():
    assert list(Task("branched", Branched()).space) == ["kind", "depth"]


def test_inactive_hyperparameters_reach_no_task():
    task = Task("branched", Branched())
    assert task.active({"kind": "line", "depth": 7}) == {"kind": "line"}
    assert task.losses({"kind": "line", "depth": 7}) == [0.0]
    assert task.losses({"kind": "tree", "depth": 7}) == [-7.0]


def test_regret_is_0_at_the_best_known_value_and_1_at_a_median_random_one():
    task = Task("branched", Branched())
    assert [task.regret(task.loss(value)) for value in (10, 7, 4, 1)] == pytest.approx([0, 0.5, 1, 1.5])
    assert task.regret(task.loss(11)) == 0  # better than what was known is no negative regret


def test_only_tasks_with_one_level_run_to_100(line: Callable[..., Task]):
    assert line(1).horizon == 100
    assert line(4).horizon == 40


def test_shares_and_amounts_of_evenly_spaced_levels(line: Callable[..., Task]):
    assert line().shares == pytest.approx([0.25, 0.5, 0.75, 1])
    assert list(line().amounts) == [1, 2, 3, 4]
    assert list(tasks.amounts(np.arange(2, 52))) == list(range(1, 51))


def test_levels_that_grow_by_a_factor_are_counted_as_multiples_of_the_first():
    assert list(tasks.amounts(np.array([1 / 27, 1 / 9, 1 / 3, 1]))) == [1, 3, 9, 27]


@pytest.mark.parametrize(("amount", "level"), [(1, 1), (1.85, 2), (2.4, 2), (4, 4), (99, 4)])
def test_an_amount_is_trained_at_the_nearest_level(line: Callable[..., Task], amount: float, level: int):
    assert line().level(amount) == level


def test_the_same_seed_is_another_on_another_task(line: Callable[..., Task]):
    assert line().seed(0) != Task("branched", Branched()).seed(0)
    assert line().seed(0) != line().seed(1)


def test_a_folder_without_a_loader_is_refused_with_what_it_needs(tmp_path: Path):
    with pytest.raises(SystemExit, match=r"has no loader.py; name a folder of recorded tasks"):
        tasks.load(tmp_path)


def test_a_folder_is_read_by_its_loader(tmp_path: Path):
    (tmp_path / "loader.py").write_text(
        "class T:\n    space, R, maximize, ref = {}, 2, True, {'best': 1, 'q50': 0}\n"
        "def names(): return ['b', 'a']\ndef load(name): return T()\n"
    )
    assert [task.name for task in tasks.load(tmp_path)] == ["b", "a"]
