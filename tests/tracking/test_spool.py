import math
from pathlib import Path

from tracking import spool
from tracking.records import CheckpointRef, Report


def report(step: int, value: float = 0.5) -> Report:
    return Report(step, {"val/accuracy": value}, seconds=float(step), checkpoint=CheckpointRef("x.ckpt", step, "abc"))


def test_what_was_appended_is_read_as_it_was(tmp_path: Path) -> None:
    spool.append(tmp_path / "trial", report(1), 0)
    spool.append(tmp_path / "trial", Report(2, {"val/accuracy": 0.1 + 0.2}, 2.5), 3)
    assert spool.read_ordered(tmp_path / "trial") == [(0, report(1)), (3, Report(2, {"val/accuracy": 0.1 + 0.2}, 2.5))]


def test_a_nan_and_an_infinity_come_back(tmp_path: Path) -> None:
    spool.append(tmp_path, Report(1, {"a": math.nan, "b": math.inf, "c": -math.inf}, 1.0), 0)
    (found,) = spool.read(tmp_path)
    assert math.isnan(found.metrics["a"])
    assert (found.metrics["b"], found.metrics["c"]) == (math.inf, -math.inf)


def test_reading_after_a_step_gives_only_what_came_later(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        spool.append(tmp_path, report(step), step)
    assert [found.step for found in spool.read(tmp_path, after=1)] == [2, 3]
    assert spool.read(tmp_path, after=3) == []
    assert spool.read(tmp_path / "never") == []


def test_of_two_reports_of_one_step_the_last_counts_which_the_ledger_took(tmp_path: Path) -> None:
    for order, (step, value) in enumerate([(1, 0.1), (2, 0.2), (2, 0.9), (3, 0.3)]):
        spool.append(tmp_path, report(step, value), order)
    assert [(order, found.metrics["val/accuracy"]) for order, found in spool.read_ordered(tmp_path)] == [
        (0, 0.1),
        (2, 0.9),
        (3, 0.3),
    ]


def test_a_line_cut_short_is_not_read_and_repaired_away(tmp_path: Path) -> None:
    for step in (1, 2):
        spool.append(tmp_path, report(step), step)
    whole = (tmp_path / spool.FILE).read_bytes()
    for cut in range(whole.index(b"\n") + 2, len(whole)):
        (tmp_path / spool.FILE).write_bytes(whole[:cut])
        assert spool.read(tmp_path) == [report(1)]
        spool.repair(tmp_path)
        spool.append(tmp_path, report(2), 2)
        assert (tmp_path / spool.FILE).read_bytes() == whole


def test_repairing_what_is_whole_or_missing_changes_nothing(tmp_path: Path) -> None:
    spool.repair(tmp_path)
    assert not (tmp_path / spool.FILE).exists()
    spool.append(tmp_path, report(1), 0)
    before = (tmp_path / spool.FILE).read_bytes()
    spool.repair(tmp_path)
    assert (tmp_path / spool.FILE).read_bytes() == before


def test_a_first_line_cut_short_leaves_an_empty_spool(tmp_path: Path) -> None:
    (tmp_path / spool.FILE).write_bytes(b'{"order":0,"st')
    spool.repair(tmp_path)
    assert (tmp_path / spool.FILE).read_bytes() == b""
    assert spool.read(tmp_path) == []
