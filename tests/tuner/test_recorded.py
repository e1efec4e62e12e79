import math
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest

from search_spaces.dimensions import Among, Between
from search_spaces.flat import SLOT
from tuner import recorded
from tuner.errors import UsageError


def test_a_task_gives_its_space_under_its_own_names(recordings: Path) -> None:
    space = recorded.load(recordings, "hills").space
    assert space.parameters() == {
        "kind": Among("plain", "late"),
        "breaks": Between(1, 9),
        "height": Between(0.0, 1.0),  # written as 0 and 1, yet real numbers
        "pace": Among(1.0, 2.0, 4.0),
    }
    assert space.conditions() == {"breaks": [("kind", ("late",))]}


def test_a_suggested_point_is_what_the_task_takes(recordings: Path) -> None:
    task = recorded.load(recordings, "hills")
    drawn = {"kind": "late", "breaks": 3, "height": 0.9, "pace": 2.0}
    config = task.space.suggest(optuna.trial.FixedTrial(drawn))[SLOT]
    assert config == drawn
    curve = task.curve(config)
    assert curve[:2] == pytest.approx([0.1, 0.2])
    assert all(math.isnan(value) for value in curve[2:])
    assert task.cost(config)[:3] == [2.0, 4.0, 6.0]


def test_levels_that_are_counted_are_even_shares(recordings: Path) -> None:
    task = recorded.load(recordings, "plain")
    assert task.epochs == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert task.shares == pytest.approx([level / 9 for level in range(1, 10)])
    assert (task.objective.mode, task.ref) == ("max", {"best": 1.0, "q50": 0.5})


def test_levels_that_are_multiples_are_told_as_such(recordings: Path) -> None:
    task = recorded.load(recordings, "shares")
    assert task.epochs == [1, 3, 9, 27]
    assert task.shares == pytest.approx([1 / 27, 1 / 9, 1 / 3, 1])
    assert (task.objective.mode, task.ref) == ("min", None)


def test_a_single_value_is_an_option_of_one() -> None:
    recording = SimpleNamespace(space={"rate": {"type": "float", "low": 0.1, "high": 0.1, "log": True}})
    assert recorded.RecordedTask("one", recording).space.parameters() == {"rate": Among(0.1)}


def test_a_type_that_is_none_is_refused() -> None:
    recording = SimpleNamespace(space={"rate": {"type": "real", "low": 0.1, "high": 0.2}})
    with pytest.raises(UsageError, match="task 'one': rate has the type 'real', must be one of float, int, cat, ord"):
        _ = recorded.RecordedTask("one", recording).space


def test_an_unknown_task_names_the_nearest(recordings: Path) -> None:
    assert recorded.names(recordings) == ["hills", "plain", "shares"]
    with pytest.raises(UsageError, match="has no task 'hill'; did you mean 'hills'"):
        recorded.load(recordings, "hill")


def test_a_folder_without_a_loader_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds a loader\.py with names\(\) and load\(name\)"):
        recorded.names(tmp_path)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def names(): return []", r"must define names\(\) and load\(name\), it has no load\(\)"),
        ("1 / 0", "cannot be run: ZeroDivisionError: division by zero"),
        ("import no_such_package", r"No module named 'no_such_package'; pip install \"sweepforge\[bench\]\""),
        ("names = lambda: ['a']\ndef load(name): raise OSError('torn')", "'a' of .* cannot be read: OSError: torn"),
    ],
)
def test_a_loader_that_cannot_be_used_says_why_in_one_line(tmp_path: Path, code: str, message: str) -> None:
    (tmp_path / "loader.py").write_text(code)
    with pytest.raises(UsageError, match=message) as error:
        recorded.load(tmp_path, "a")
    assert "\n" not in str(error.value)
