import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from optuna.storages.journal import JournalFileBackend

from tracking.journal import Journal
from tracking.lines import JournalError


def entries(*numbers: int) -> list[dict[str, Any]]:
    return [{"op_code": 0, "number": number} for number in numbers]


def numbers(journal: Any, after: int = 0) -> list[int]:
    return [entry["number"] for entry in journal.read_logs(after)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.journal"


def test_entries_come_back_in_their_order_and_from_any_place(path: Path) -> None:
    journal = Journal(path)
    journal.append_logs(entries(0, 1))
    journal.append_logs(entries(2))
    assert numbers(journal) == [0, 1, 2]
    assert numbers(journal, after=2) == [2]
    assert numbers(journal, after=0) == [0, 1, 2]
    assert numbers(journal, after=3) == []


def test_optunas_own_backend_and_ours_read_and_write_one_file(path: Path) -> None:
    ours, theirs = Journal(path), JournalFileBackend(str(path))
    ours.append_logs(entries(0))
    theirs.append_logs(entries(1))
    with ours.together():
        ours.append_logs(entries(2))
        ours.append_logs(entries(3))
    assert numbers(ours) == numbers(theirs) == [0, 1, 2, 3]


def test_a_group_is_seen_inside_and_reaches_the_disk_at_its_end(path: Path) -> None:
    journal = Journal(path)
    journal.append_logs(entries(0))
    with journal.together():
        journal.append_logs(entries(1))
        assert numbers(journal, after=1) == [1]
        journal.append_logs(entries(2))
        assert numbers(journal, after=2) == [2]
        assert numbers(Journal(path)) == [0]
    assert numbers(journal, after=3) == []
    assert numbers(Journal(path)) == [0, 1, 2]
    assert path.read_bytes().count(b"\n") == 3


def test_a_group_is_one_write_and_one_fsync(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, synced = Journal(path), []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with journal.together(), journal.together():  # an inner group ends with the outer one
        for number in range(50):
            journal.append_logs(entries(number))
    assert synced == [path.stat().st_size]


def test_nothing_of_a_group_that_raises_is_kept(path: Path) -> None:
    journal = Journal(path)
    journal.append_logs(entries(0))
    with pytest.raises(KeyError), journal.together():
        journal.append_logs(entries(1))
        raise KeyError("x")
    journal.append_logs(entries(2))
    assert numbers(Journal(path)) == [0, 2]


def test_a_write_that_fails_leaves_no_half_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.append_logs(entries(0))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            journal.append_logs(entries(1))
    journal.append_logs(entries(2))
    assert numbers(journal) == [0, 2]


def test_a_group_cut_short_anywhere_is_left_out_and_repaired_away_whole(path: Path) -> None:
    Journal(path).append_logs(entries(0))
    first = path.stat().st_size
    Journal(path).append_logs(entries(1, 2, 3))  # a kill between two pages leaves the first of them
    whole = path.read_bytes()
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        assert numbers(Journal(path)) == [0]
        Journal(path).repair()
        assert path.stat().st_size == first
        Journal(path).append_logs(entries(4, 5))
        assert numbers(Journal(path)) == [0, 4, 5]


def test_a_last_line_cut_short_anywhere_is_left_out_and_repaired_away(path: Path) -> None:
    for number in range(3):
        Journal(path).append_logs(entries(number))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        kept = numbers(Journal(path))
        assert kept == list(range(whole[:cut].count(b"\n")))
        journal = Journal(path)
        assert journal.repair() == cut - (whole[:cut].rfind(b"\n") + 1)
        journal.append_logs(entries(9))
        assert numbers(journal) == [*kept, 9]
        assert numbers(JournalFileBackend(str(path))) == [*kept, 9]


def test_a_dead_writers_lock_is_removed(path: Path) -> None:
    Path(f"{path}.lock").symlink_to(path)
    journal = Journal(path)
    assert journal.repair() == 0
    journal.append_logs(entries(0))
    assert numbers(journal) == [0]


def test_a_line_that_is_not_an_entry_is_named(path: Path) -> None:
    Journal(path).append_logs(entries(0))
    with path.open("ab") as file:
        file.write(b"garbage\n")
    with pytest.raises(JournalError, match=r"line 2 is not a journal entry .*restore the file from a backup"):
        numbers(Journal(path))


def test_a_reader_writes_nothing(path: Path) -> None:
    Journal(path).append_logs(entries(0))
    reader = Journal(path, read_only=True)
    with pytest.raises(JournalError, match="only the sweep's driver writes"):
        reader.append_logs(entries(1))
    assert numbers(reader) == [0]
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_follows_a_writer_in_another_thread(path: Path) -> None:
    writer, reader, seen = Journal(path), Journal(path, read_only=True), []

    def write() -> None:
        for number in range(0, 300, 3):
            with writer.together():
                for more in range(3):
                    writer.append_logs(entries(number + more))

    thread = threading.Thread(target=write)
    thread.start()
    while len(seen) < 300:
        seen += numbers(reader, after=len(seen))
    thread.join()
    assert seen == list(range(300))
