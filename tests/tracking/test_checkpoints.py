from hashlib import blake2b
from pathlib import Path

import pytest

from tracking import checkpoints
from tracking.records import CheckpointRef


def save(trial: Path, step: int, content: bytes = b"weights") -> CheckpointRef:
    return checkpoints.save(trial, step, lambda path: path.write_bytes(content) and None)


def steps(trial: Path) -> list[int]:
    return [checkpoint.step for checkpoint in checkpoints.listed(trial)]


def test_a_checkpoints_name_tells_its_step_and_the_digest_of_its_content(tmp_path: Path) -> None:
    saved = save(tmp_path, 7, b"weights")
    digest = blake2b(b"weights", digest_size=8).hexdigest()
    assert saved == CheckpointRef(str(tmp_path / "checkpoints" / f"epoch-0007.{digest}.ckpt"), 7, digest)
    assert Path(saved.path).read_bytes() == b"weights"
    assert checkpoints.whole(saved)


def test_checkpoints_are_listed_by_step_past_four_digits_too(tmp_path: Path) -> None:
    for step in (10_000, 2, 9_999):
        save(tmp_path, step)
    assert steps(tmp_path) == [2, 9_999, 10_000]
    newest = checkpoints.newest(tmp_path)
    assert newest is not None
    assert newest.step == 10_000


def test_a_trial_without_checkpoints_has_no_newest(tmp_path: Path) -> None:
    assert checkpoints.newest(tmp_path) is None
    assert checkpoints.listed(tmp_path / "none") == []


@pytest.mark.parametrize("damage", [b"", b"weight", b"weightz", b"weights and more"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    first, second = save(tmp_path, 1), save(tmp_path, 2)
    Path(second.path).write_bytes(damage)
    assert not checkpoints.whole(second)
    assert checkpoints.newest(tmp_path) == first


def test_a_checkpoint_that_is_gone_is_not_whole(tmp_path: Path) -> None:
    saved = save(tmp_path, 1)
    Path(saved.path).unlink()
    assert not checkpoints.whole(saved)


def test_a_write_that_breaks_off_leaves_no_checkpoint(tmp_path: Path) -> None:
    first = save(tmp_path, 1)

    def broken(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        checkpoints.save(tmp_path, 2, broken)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [Path(first.path).name]
    assert checkpoints.newest(tmp_path) == first
    assert steps(tmp_path) == [1]


def test_what_a_killed_worker_left_half_written_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "checkpoints" / ".epoch-0003.12345.tmp"
    left.parent.mkdir()
    left.write_bytes(b"half")
    save(tmp_path, 3)
    assert not left.exists()


def test_saving_a_step_again_keeps_it_whole(tmp_path: Path) -> None:
    assert save(tmp_path, 1) == save(tmp_path, 1)
    assert steps(tmp_path) == [1]


def test_keep_deletes_all_but_the_given_steps(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        save(tmp_path, step, b"%d" % step)
    stranger = tmp_path / "checkpoints" / "notes.txt"
    stranger.touch()
    checkpoints.keep(tmp_path, {1, 4, 9})
    assert steps(tmp_path) == [1, 4]
    assert stranger.exists()


def test_what_is_passed_over_is_named_the_newest_first(tmp_path: Path) -> None:
    saved = [save(tmp_path, step, b"%d" % step) for step in (1, 2, 3)]
    assert checkpoints.damaged(tmp_path) == []
    for broken in saved[1:]:
        Path(broken.path).write_bytes(b"")
    assert checkpoints.damaged(tmp_path) == [saved[2], saved[1]]
    Path(saved[0].path).write_bytes(b"")
    assert checkpoints.damaged(tmp_path) == saved[::-1]
    assert checkpoints.newest(tmp_path) is None


def test_a_pinned_checkpoint_stays_until_it_is_unpinned(tmp_path: Path) -> None:
    first, second = save(tmp_path, 1, b"one"), save(tmp_path, 2, b"four")
    checkpoints.pin(first, "digits version 1")
    checkpoints.keep(tmp_path, {2})
    assert steps(tmp_path) == [1, 2]
    assert checkpoints.delete(first) == 0
    assert checkpoints.delete(second) == 4
    assert checkpoints.delete(second) == 0
    assert checkpoints.newest(tmp_path) == first
    checkpoints.unpin(first)
    assert checkpoints.delete(first) == 3
    assert steps(tmp_path) == []


def test_what_is_damaged_cannot_be_pinned(tmp_path: Path) -> None:
    saved = save(tmp_path, 1)
    Path(saved.path).write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="damaged or gone"):
        checkpoints.pin(saved, "digits version 1")
    assert not checkpoints.is_pinned(saved)


def test_an_adopted_checkpoint_is_a_whole_copy_beside_the_trials_own(tmp_path: Path) -> None:
    own, donor = save(tmp_path / "0", 4, b"own"), save(tmp_path / "1", 4, b"other")
    save(tmp_path / "0", 5, b"an epoch too far")
    copy = checkpoints.adopt(tmp_path / "0", donor)
    assert (copy.step, copy.digest) == (donor.step, donor.digest)
    assert Path(copy.path).parent == tmp_path / "0" / "checkpoints"
    assert Path(copy.path).read_bytes() == b"other"
    assert checkpoints.whole(copy)
    assert sorted(it.digest for it in checkpoints.listed(tmp_path / "0")) == sorted([own.digest, donor.digest])
    Path(donor.path).unlink()
    assert checkpoints.adopt(tmp_path / "0", donor) == copy  # once copied, the other is not needed


@pytest.mark.parametrize("damage", [None, b"", b"othex"])
def test_a_checkpoint_that_is_not_what_it_was_is_not_adopted(tmp_path: Path, damage: bytes | None) -> None:
    donor = save(tmp_path / "1", 4, b"other")
    Path(donor.path).unlink() if damage is None else Path(donor.path).write_bytes(damage)
    with pytest.raises(FileNotFoundError, match="damaged or gone"):
        checkpoints.adopt(tmp_path / "0", donor)
    assert checkpoints.listed(tmp_path / "0") == []


def test_half_a_copy_is_made_anew(tmp_path: Path) -> None:
    donor = save(tmp_path / "1", 4, b"other")
    copy = checkpoints.adopt(tmp_path / "0", donor)
    Path(copy.path).write_bytes(b"oth")
    assert checkpoints.whole(checkpoints.adopt(tmp_path / "0", donor))
