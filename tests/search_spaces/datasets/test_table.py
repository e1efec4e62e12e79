"""Tables, written for each test: what becomes of numbers, categories and gaps, by hand."""

import pandas as pd
import pytest
import torch

from search_spaces.datasets.table import Table


@pytest.fixture
def write(tmp_path):
    def written(frame, name="table.csv"):
        file = tmp_path / name
        if name.endswith(".parquet"):
            pd.DataFrame(frame).to_parquet(file)
        else:
            pd.DataFrame(frame).to_csv(file, index=False, sep="\t" if name.endswith(".tsv") else ",")
        return file

    return written


def by_time(file, **settings):
    """The first half trains, then a quarter each: which rows are in which part is known."""
    return Table(file=file, time="day", validation=0.25, test=0.25, **{"target": "y", **settings}).build()


def eight(**columns):
    return {"day": range(8), "y": [0, 1] * 4, **columns}


def column(data, index):
    return torch.cat([part.x[:, index] for part in (data.train, data.validation, data.test)]).tolist()


def test_numbers_are_scaled_by_the_training_part_alone(write):
    # 1, 3, 1, 3 in training: mean 2, deviation 1.
    data = by_time(write(eight(a=[1, 3, 1, 3, 100, 5, 2, -7])))

    assert column(data, 0) == pytest.approx([-1, 1, -1, 1, 98, 3, 0, -9])
    assert (data.task, data.classes, data.inputs, data.inputs.kind) == ("classification", ("0", "1"), (1,), "vector")
    assert data.train.y.tolist() == [0, 1, 0, 1]


def test_gaps_in_numbers_become_the_training_parts_median(write):
    # 1, gap, 5, 3 in training: median 3; mean of 1, 3, 5, 3 is 3, variance 2.
    frame = eight(a=[1, None, 5, 3, None, 3, 1000, 1000])

    plain, flagged = (by_time(write(frame), flag_missing=flag) for flag in (False, True))

    assert column(plain, 0)[:6] == pytest.approx([-(2**0.5), 0, 2**0.5, 0, 0, 0])
    assert plain.inputs == (1,)
    assert flagged.inputs == (2,)
    assert column(flagged, 1) == [0, 1, 0, 0, 1, 0, 0, 0]


def test_categories_become_columns_and_unknown_ones_zeros(write):
    # The training part knows red (twice), blue and green; the most frequent comes first, then by name.
    colours = ["red", "green", "red", "blue", "blue", "pink", "red", "green"]
    data = by_time(write(eight(a=colours)))

    rows = torch.cat([part.x for part in (data.train, data.validation, data.test)]).tolist()
    red, blue, green, none = [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]
    assert rows == [red, green, red, blue, blue, none, red, green]


def test_gaps_in_categories_become_the_most_frequent_one(write):
    frame = eight(a=["x", "y", "y", None, None, "x", "y", "z"])

    plain, flagged = (by_time(write(frame), flag_missing=flag) for flag in (False, True))

    assert column(plain, 0) == [0, 1, 1, 1, 1, 0, 1, 0]  # y
    assert column(plain, 1) == [1, 0, 0, 0, 0, 1, 0, 0]  # x
    assert column(flagged, 2) == [0, 0, 0, 1, 1, 0, 0, 0]


def test_numbers_may_be_declared_categories(write):
    data = by_time(write(eight(a=[10, 20, 10, 20, 30, 10, 20, 10])), categorical="a")

    assert column(data, 0) == [1, 0, 1, 0, 0, 1, 0, 1]


def test_truths_are_numbers(write):
    data = by_time(write(eight(a=[True, False] * 4)))

    assert column(data, 0) == pytest.approx([1, -1] * 4)


def test_a_constant_column_becomes_zeros(write):
    assert column(by_time(write(eight(a=[0.1] * 6 + [0.3, 0.1]))), 0) == pytest.approx([0] * 6 + [0.2, 0], abs=1e-6)


def test_columns_stand_in_the_tables_order_without_the_ignored(write):
    frame = eight(b=["x", "y"] * 4, a=[1, 3] * 4, c=range(8))

    data = by_time(write(frame), ignore="c")

    assert data.inputs == (3,)
    assert column(data, 2) == pytest.approx([-1, 1] * 4)


@pytest.mark.parametrize("name", ["table.tsv", "table.parquet"])
def test_other_formats_give_the_same(write, name):
    frame = eight(a=[1, 3, 1, 3, 100, 5, 2, -7], b=["x", None, "z", "x"] * 2)

    assert by_time(write(frame, name)).digest == by_time(write(frame)).digest


def test_numbers_to_learn_are_scaled_by_the_training_part(write):
    frame = {"day": range(8), "a": range(8), "y": [10, 30, 10, 30, 40, 20, 10, 10], "z": [0.5, -0.5] * 4}
    settings = {"target": "y, z", "learn": "regression"}

    data, raw = (by_time(write(frame), scale_target=scale, **settings) for scale in (True, False))

    assert (data.task, data.outputs, data.train.y.dtype) == ("regression", 2, torch.float32)
    torch.testing.assert_close(data.train.y, torch.tensor([[-1.0, 1.0], [1.0, -1.0]]).repeat(2, 1))
    assert data.validation.y[:, 0].tolist() == pytest.approx([2, 0])
    assert raw.validation.y.tolist() == [[40, 0.5], [20, -0.5]]
    assert data.inputs == (1,)


def test_several_targets_of_zeros_and_ones_are_labels(write):
    frame = {"day": range(8), "a": range(8), "y": [0, 1] * 4, "z": [1, 1] * 4}

    data = by_time(write(frame), target=["y", "z"])

    assert (data.task, data.outputs, data.classes) == ("multilabel", 2, ("y", "z"))
    assert data.train.y.tolist() == [[0, 1], [1, 1], [0, 1], [1, 1]]


def test_classes_are_in_the_order_of_numbers_or_names(write):
    numbers = Table(file=write({"a": range(60), "y": [10, 9, 100] * 20}), target="y").build()
    words = Table(file=write({"a": range(60), "y": ["b", "c", "a"] * 20}), target="y").build()

    assert numbers.classes == ("9", "10", "100")
    assert words.classes == ("a", "b", "c")
    assert [part.y.bincount().tolist() for part in (words.train, words.validation)] == [[14] * 3, [3] * 3]


def test_early_rows_train_and_late_ones_test(write):
    frame = {"when": [f"2024-01-{day:02}" for day in (3, 1, 4, 2, 8, 6, 7, 5)], "a": [3, 1, 4, 2, 8, 6, 7, 5]}
    file = write(frame | {"y": [0, 1] * 4})

    data = Table(file=file, target="y", time="when", validation=0.25, test=0.25).build()

    # 1 .. 4 train: mean 2.5, variance 1.25.
    assert (data.validation.x.flatten() * 1.25**0.5 + 2.5).tolist() == pytest.approx([5, 6])
    assert (data.test.x.flatten() * 1.25**0.5 + 2.5).tolist() == pytest.approx([7, 8])


def test_a_group_is_in_one_part_only(write):
    frame = {"who": [f"p{row % 10}" for row in range(100)], "a": [row % 10 for row in range(100)], "y": [0, 1] * 50}

    data = Table(file=write(frame), target="y", group="who", categorical="a").build()

    assert data.validation.x.sum() == data.test.x.sum() == 0  # groups that the training part does not know
    assert data.train.x.sum() == len(data.train) > 0


def test_the_split_follows_its_seed(write):
    file = write({"a": range(60), "y": [0, 1] * 30})

    assert Table(file=file, target="y").build().digest == Table(file=file, target="y").build().digest
    assert Table(file=file, target="y").build().digest != Table(file=file, target="y", split_seed=1).build().digest


@pytest.mark.parametrize("field", ["target", "numeric", "categorical", "ignore", "group", "time"])
def test_a_column_that_is_not_there_names_the_nearest(write, field):
    file = write(eight(width=range(8)))
    settings = {"target": "y"} | {field: "widht"}

    with pytest.raises(ValueError, match=r"table.csv has no column 'widht'; did you mean 'width'\?"):
        Table(file=file, **settings).build()


@pytest.mark.parametrize(
    ("frame", "settings", "message"),
    [
        (eight(a=[1, 2, "n/k", 4, 5, 6, 7, 8]), {"numeric": "a"},
         r"column 'a' must hold numbers, being numeric; name it in categorical .*; row 3 holds 'n/k'"),
        (eight(a=[1, 2, float("inf"), 4, 5, 6, 7, 8]), {}, r"column 'a' must hold numbers.*; row 3 holds inf"),
        (eight(a=[None] * 4 + [1, 2, 3, 4]), {}, r"column 'a' is empty in the training part; ignore it"),
        (eight(a=list("abcdefgh")), {"max_categories": 3}, r"up to max_categories=3 categories, it has 4 in the train"),
        (eight(), {}, r"table.csv has no column to learn 'y' from; ignore fewer of them"),
        (eight(a=range(8)) | {"y": [0, 1, None, None, 0, 1, 0, 1]}, {},
         r"column 'y' must have no gaps, 2 rows have none of it \(the first: row 3\); take these rows out"),
        (eight(a=range(8)) | {"y": range(8)}, {}, r"'y' has 8 in 8 rows; choose another target, or learn: reg"),
        (eight(a=range(8)) | {"y": [1] * 8}, {}, r"'y' has 1 in 8 rows"),
        (eight(a=range(8)) | {"y": list("abcdefgh")}, {"learn": "regression"},
         r"column 'y' must hold numbers, being a target; row 1 holds 'a'"),
        (eight(a=range(8), z=[0, 2] * 4), {"target": "y, z"}, r"classification must hold 0 and 1 only: y, z"),
        (eight(a=range(8)) | {"day": ["soon", "later"] * 4}, {}, r"'day' must hold numbers or dates .* holds 'soon'"),
        (eight(a=range(8)) | {"day": [1, 2, None, 4] * 2}, {}, r"column 'day' must have no gaps, 2 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused_in_one_line(write, frame, settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        by_time(write(frame), **settings)
    assert "table.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_few_rows_are_refused(write):
    with pytest.raises(ValueError, match="4 rows are too few for three parts"):
        Table(file=write({"a": range(4), "y": [0, 1] * 2}), target="y").build()


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.csv", b"\xff\xfe\x00"), ("a.csv", b'a,y\n"1,2\n'), ("a.parquet", b"x")]
)
def test_what_is_no_table_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ValueError, match=r"cannot be read as a table, .csv, .tsv or .parquet: ") as caught:
        Table(file=tmp_path / name, target="y").build()
    assert "\n" not in str(caught.value)


def test_settings_that_contradict_each_other_are_refused(tmp_path):
    settings = {"file": tmp_path / "a.csv", "target": "y"}

    with pytest.raises(ValueError, match="split by group or by time, not both"):
        Table(**settings, group="a", time="b")
    with pytest.raises(ValueError, match="a column is numeric or categorical, not both, got 'b' in both"):
        Table(**settings, numeric="a, b", categorical="b")
    with pytest.raises(ValueError, match="must leave something to train on"):
        Table(**settings, validation=0.5, test=0.5)
