"""Checkpoints of an interrupted sweep are damaged: the one before is gone on from, to the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracking import checkpoints
from tuner import Sweep

pytestmark = pytest.mark.slow


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0b100
    path.write_bytes(content)


def half_write(path: Path) -> None:
    """As by a process that was killed while it wrote: under the name of what is not finished."""
    path.with_name(".epoch-0002.12345.tmp").write_bytes(path.read_bytes()[:1000])
    path.unlink()


@pytest.fixture
def folder(inline_home: Path, tiny: dict[str, Any], interrupting: Any) -> Path:
    """The folder of the second trial of a sweep that was interrupted after the trial's second epoch."""
    sweep = Sweep(tiny, home=inline_home).run(runner="inline", observer=interrupting(5))
    assert sweep.interrupted
    (running,) = [trial for trial in sweep.record().trials if not trial.state.finished]
    assert running.folder is not None
    return running.folder


@pytest.mark.parametrize("damage", [truncate, empty, flip_a_bit, half_write])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    inline_home: Path,
    folder: Path,
    undisturbed: list[Any],
    outcome: Any,
    interrupting: Any,
    damage: Callable[[Path], None],
) -> None:
    assert [it.step for it in checkpoints.listed(folder)] == [1, 2]
    damage(Path(checkpoints.listed(folder)[-1].path))
    observer = interrupting()
    resumed = Sweep.open("tiny", inline_home).resume(runner="inline", observer=observer)
    assert outcome(resumed) == undisturbed
    assert observer.reports[0] == (1, 3)
    if damage is not half_write:
        assert observer.notes == ["trial 1: damaged checkpoints (epoch 2): it goes on from epoch 1"]


def test_a_trial_without_any_whole_checkpoint_begins_anew_and_says_so(
    inline_home: Path, folder: Path, undisturbed: list[Any], outcome: Any, interrupting: Any
) -> None:
    for checkpoint in checkpoints.listed(folder):
        truncate(Path(checkpoint.path))
    observer = interrupting()
    resumed = Sweep.open("tiny", inline_home).resume(runner="inline", observer=observer)
    assert outcome(resumed) == undisturbed
    how = "it begins anew, and comes to the same values"
    assert observer.notes == [f"trial 1: damaged checkpoints (epoch 2, epoch 1): {how}"]


def test_a_damaged_best_checkpoint_is_neither_judged_nor_kept(
    inline_home: Path, tiny: dict[str, Any], interrupting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sweep = Sweep(tiny, home=inline_home).run(runner="inline", observer=interrupting(9))
    best = sweep.best
    assert sweep.interrupted
    assert best is not None
    assert best.checkpoint is not None
    flip_a_bit(Path(best.checkpoint.path))
    resumed = Sweep.open("tiny", inline_home).resume(runner="inline")
    assert "test" not in resumed.record().attributes
    assert "the best checkpoint is damaged" in caplog.text
