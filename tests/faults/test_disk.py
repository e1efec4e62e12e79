"""The disk fills up while a sweep runs: it stops and says so, and goes on to the same numbers; nothing is damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner import Observer, Sweep

pytestmark = pytest.mark.slow


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root, outside of an unprivileged container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Filling(Observer):
    """Fills a disk to the last byte after so many reports."""

    def __init__(self, folder: Path, after: int) -> None:
        self._folder, self._left = folder, after

    def reported(self, number: int, report: Report) -> None:
        self._left -= 1
        if self._left == 0:
            fill(self._folder)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


# Where the rest of a sweep lies elsewhere, what meets the full disk first is a checkpoint, a spool or the ledger.
@pytest.mark.parametrize("elsewhere", ["", "trials/1/checkpoints", "trials"])
def test_a_sweep_on_a_full_disk_stops_and_goes_on_when_there_is_room(
    inline_home: Path,
    small: Path,
    tmp_path: Path,
    tiny: dict[str, Any],
    undisturbed: list[Any],
    outcome: Any,
    elsewhere: str,
) -> None:
    folder = small / "tiny"
    folder.mkdir()
    (inline_home / "sweeps" / "tiny").symlink_to(folder)
    if elsewhere:
        (tmp_path / "room").mkdir()
        (folder / elsewhere).parent.mkdir(parents=True, exist_ok=True)
        (folder / elsewhere).symlink_to(tmp_path / "room")
    sweep = Sweep(tiny, home=inline_home).run(runner="inline", observer=Filling(small, after=4))
    assert sweep.interrupted
    assert (
        sweep.limits.reason
        == f"the disk of {inline_home / 'sweeps' / 'tiny'} is full: free some, then `tuner resume tiny`"
    )
    before = Ledger.open(folder).trials()
    assert {trial.state for trial in before} <= {State.COMPLETE, State.RUNNING}
    assert 4 <= sum(trial.epochs for trial in before) < 9  # a few bytes may fit into what is allotted already
    (small / "filler").unlink()
    resumed = Sweep.open("tiny", inline_home).resume(runner="inline")
    assert not resumed.interrupted
    assert outcome(resumed) == undisturbed


def test_the_command_line_says_it_in_one_line_and_ends_resumably(
    inline_home: Path, small: Path, tiny: dict[str, Any]
) -> None:
    (small / "tiny").mkdir()
    (inline_home / "sweeps" / "tiny").symlink_to(small / "tiny")
    Sweep({**tiny, "budget": {"trials": 1, "epochs": 1}}, home=inline_home).run(runner="inline")
    fill(small)
    command = [sys.executable, "-c", "from tuner.commands import main; main()", "resume", "tiny", "--inline"]
    done = subprocess.run(
        [*command, "--home", str(inline_home)],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=inline_home,
    )
    assert done.returncode == 130
    assert [line for line in done.stderr.splitlines() if "is full: free some, then" in line] == done.stderr.splitlines()
