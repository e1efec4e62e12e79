import errno
import os
from pathlib import Path

import pytest

from tracking import disk


def test_lines_are_appended(tmp_path: Path) -> None:
    for flush in (True, False):
        disk.append(tmp_path / "lines", b"one\n", flush=flush)
    assert (tmp_path / "lines").read_bytes() == b"one\none\n"


def test_what_does_not_fit_leaves_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.append(tmp_path / "lines", b"one\n", flush=True)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        disk.append(tmp_path / "lines", b"two\n", flush=True)
    assert (tmp_path / "lines").read_bytes() == b"one\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_known_by_its_number_and_its_words(number: int) -> None:
    error = OSError(number, os.strerror(number), "/data/x")
    assert disk.is_full(error)
    assert disk.is_told_full(f"OSError: {error}")
    try:
        raise RuntimeError("the checkpoint was not written") from error
    except RuntimeError as later:
        assert disk.is_full(later)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), MemoryError(), ValueError("full house")])
def test_other_errors_are_not_of_a_full_disk(error: Exception) -> None:
    assert not disk.is_full(error)
