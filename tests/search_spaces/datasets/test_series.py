import csv
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from search_spaces.data import Data
from search_spaces.datasets.series import Series


def table(path: Path, rows: list[list[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def days(number: int) -> list[list[object]]:
    """A header, and in every row the day, the row's number, and its square."""
    return [["day", "line", "square"], *([f"2026-01-{i + 1:02}", i, i * i] for i in range(number))]


def normal(values: torch.Tensor, training: torch.Tensor) -> torch.Tensor:
    return (values - training.mean()) / training.std(correction=0)


def test_windows_are_those_made_by_hand(tmp_path):
    # 20 rows, 10 + 5 + 5; a window sees 3 rows and forecasts 2.
    data = Series(file=table(tmp_path / "t.csv", days(20)), columns="line", steps=3, horizon=2,
                  train=10, validation=5, test=5).build()  # fmt: skip
    training = torch.arange(10.0)
    starts = {"train": range(6), "validation": range(7, 11), "test": range(12, 16)}
    for name, expected in starts.items():
        part = getattr(data, name)
        assert len(part) == len(expected)
        for x, y, start in zip(part.x, part.y, expected, strict=True):
            torch.testing.assert_close(x[:, 0], normal(torch.arange(start, start + 3.0), training))
            torch.testing.assert_close(y[:, 0], normal(torch.arange(start + 3.0, start + 5.0), training))


def test_what_is_forecast_is_never_in_two_parts(tmp_path):
    data = Series(file=table(tmp_path / "t.csv", days(30)), columns="line", steps=4, horizon=3).build()
    seen = [set(part.y.flatten().tolist()) for part in (data.train, data.validation, data.test)]
    assert all(not earlier & later for earlier, later in pairwise(seen))
    assert max(data.train.x.max(), data.train.y.max()) < data.validation.y.min()
    assert data.validation.y.max() < data.test.y.min()


def test_the_statistics_are_those_of_the_training_rows_alone(tmp_path):
    rows = days(20)
    path = table(tmp_path / "t.csv", rows)
    data = Series(file=path, columns="line", steps=3, horizon=2, train=10, validation=5, test=5).build()
    for row in rows[11:]:
        row[1] = 1e6
    changed = Series(file=table(path, rows), columns="line", steps=3, horizon=2, train=10, validation=5, test=5).build()
    assert torch.equal(data.train.x, changed.train.x)
    assert torch.equal(data.train.y, changed.train.y)
    assert not torch.equal(data.test.y, changed.test.y)


def test_shares_and_numbers_of_rows_are_both_understood(tmp_path):
    path = table(tmp_path / "t.csv", days(20))
    shares = Series(file=path, steps=3, horizon=2, validation=0.25, test=0.25).build()
    rows = Series(file=path, steps=3, horizon=2, train=10, validation=5, test=5).build()
    assert shares.digest == rows.digest


def test_rows_after_the_parts_are_left_out(tmp_path):
    path = table(tmp_path / "t.csv", days(25))
    whole = Series(file=path, steps=3, horizon=2, train=10, validation=5, test=5).build()
    short = Series(file=table(tmp_path / "s.csv", days(20)), steps=3, horizon=2, validation=5, test=5).build()
    assert whole.digest == short.digest


def test_the_parts_of_the_ett_benchmark_have_the_published_numbers_of_windows(tmp_path):
    # Zhou et al., AAAI 2021: 12, 4 and 4 months of 30 days of 17,420 hours; 8640-336-96+1 and 2880-96+1 windows.
    path = table(tmp_path / "hours.csv", [["hour", "load"], *([hour, hour % 24] for hour in range(17_420))])
    data = Series(file=path, time="hour", steps=336, horizon=96, train=8640, validation=2880, test=2880).build()
    assert [len(part) for part in (data.train, data.validation, data.test)] == [8209, 2785, 2785]


def test_every_channel_is_forecast_unless_columns_are_named(tmp_path):
    path = table(tmp_path / "t.csv", days(20))
    data = Series(file=path, steps=3, horizon=2).build()
    assert (data.task, data.inputs.kind, data.inputs, data.outputs) == ("forecasting", "series", (3, 2), 4)
    named = Series(file=path, columns=["square"], steps=3, horizon=2).build()
    assert named.inputs == (3, 1)
    torch.testing.assert_close(named.train.x, data.train.x[:, :, 1:])


def test_columns_keep_the_order_of_the_table(tmp_path):
    path = table(tmp_path / "t.csv", days(20))
    one, other = (Series(file=path, columns=names, steps=3, horizon=2).build() for names in ("square,line", None))
    assert one.digest == other.digest


def test_a_constant_channel_stays_finite(tmp_path):
    path = table(tmp_path / "t.csv", [["a", "b"], *([i, 7] for i in range(20))])
    data = Series(file=path, steps=3, horizon=2).build()
    assert (data.train.x[:, :, 1] == 0).all()


def test_windows_take_the_memory_of_the_rows_alone(tmp_path):
    data = Series(file=table(tmp_path / "t.csv", days(28)), steps=8, horizon=2).build()
    assert data.train.x.untyped_storage().nbytes() == 28 * 2 * 4


def test_the_example_is_a_data_set(tmp_path):
    data = Series.example(tmp_path).build()
    assert (data.inputs, data.outputs) == ((12, 2), 8)


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ((4, 1, "much"), {}, r"column 'line' of .*t\.csv, line 5: must be a number, got 'much'; fill it in, or leave"),
        ((4, 1, ""), {}, r"line 5: must be a number, got ''"),
        ((4, 0, "2025-12-31"), {}, r"line 5: rows must be in order of time, got '2025-12-31' after '2026-01-03'; sort"),
        ((0, 1, "square"), {}, r"line 1: names of columns must differ, got 'square' twice; rename one"),
        (None, {"columns": "line, squares"}, r"has no column 'squares'; did you mean 'square'\?"),
        (None, {"time": "date"}, r"has no column 'date'; "),
        (
            None,
            {"steps": 20},
            r"training part must have at least steps \+ horizon = 22 rows, got 14 of 20; make steps or",
        ),
        (None, {"horizon": 4, "steps": 1}, r"validation part must have at least horizon = 4 rows, got 3 of 20"),
        (None, {"train": 15, "test": 5}, r"parts must fit into its 20 rows, got training 15 \+ validation 3 \+ test 5"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(tmp_path, change, settings, message):
    rows = days(20)
    if change:
        row, column, cell = change
        rows[row][column] = cell
    with pytest.raises(ValueError, match=message) as caught:
        Series(file=table(tmp_path / "t.csv", rows), **{"steps": 3, "horizon": 2, **settings}).build()
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_without_rows_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv: there is nothing here"):
        Series(file=tmp_path / "none.csv").build()
    with pytest.raises(ValueError, match="must have a header and rows of numbers below it, got 1 lines"):
        Series(file=table(tmp_path / "t.csv", [["a", "b"]])).build()


def test_a_part_is_a_share_or_a_whole_number_of_rows():
    with pytest.raises(ValueError, match="must be a share below 1 or a whole number of rows"):
        Series(file="t.csv", test=2.5)


def test_data_refuses_targets_that_do_not_fit_the_task(tmp_path):
    data = Series(file=table(tmp_path / "t.csv", days(20)), steps=3, horizon=2).build()
    with pytest.raises(ValueError, match=r"y must be int64 for classification, got torch\.float32"):
        Data(data.train, data.validation, data.test, "classification", ("0", "1"))
    with pytest.raises(ValueError, match=r"task must be one of classification, multilabel, .*, got 'guessing'"):
        Data(data.train, data.validation, data.test, "guessing")
