from pathlib import Path

import pytest
import torch

from search_spaces.datasets.text import Text
from search_spaces.words import SPECIAL, encode, tokenise, vocabulary


def table(path: Path, rows: list[tuple[str, ...]], separator: str = "\t") -> Path:
    path.write_text("".join(separator.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def reviews(number: int = 20) -> list[tuple[str, ...]]:
    return [(f"a good film {i}", "1") if i % 2 else (f"a bad film {i}", "0") for i in range(number)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's GOOD, really!", ["it's", "good", ",", "really", "!"]),
        ("Ein Käse-Brot für 3.50 €", ["ein", "käse", "-", "brot", "für", "3", ".", "50", "€"]),
        ("  \t ", []),
    ],
)
def test_words_are_lower_cased_and_punctuation_stands_alone(text, tokens):
    assert tokenise(text) == tokens


def test_the_vocabulary_holds_the_most_frequent_words_after_the_two_special_ones():
    texts = [["b", "a", "b"], ["c", "a", "b"], ["d", "d"]]
    assert vocabulary(texts, min_count=2, max_words=100) == (*SPECIAL, "b", "a", "d")
    assert vocabulary(texts, min_count=1, max_words=2) == (*SPECIAL, "b", "a")


def test_texts_are_cut_filled_up_and_unknown_words_are_one_token():
    words = (*SPECIAL, "good", "film")
    found = encode([["good", "film", "good"], ["new", "film"], []], words, length=2)
    assert found.tolist() == [[2, 3], [1, 3], [0, 0]]


def test_a_table_becomes_three_parts_with_the_shares_asked_for(tmp_path):
    data = Text(path=table(tmp_path / "reviews.tsv", reviews(40)), validation=0.2, test=0.1).build()
    assert [len(part) for part in (data.train, data.validation, data.test)] == [28, 8, 4]
    assert data.classes == ("0", "1")
    assert (data.inputs.kind, data.inputs, data.outputs) == ("text", (64,), 2)
    assert data.inputs.vocabulary == len(data.words)
    for part in (data.train, data.validation, data.test):
        assert part.y.float().mean() == 0.5
        assert (part.x[:, 2] == data.words.index("film")).all()
        assert (part.x[part.y == 1, 1] == data.words.index("good")).all()


def test_the_vocabulary_comes_from_the_training_part_alone(tmp_path):
    path = table(tmp_path / "words.tsv", [(f"w{i} w{i} both", str(i % 2)) for i in range(40)])
    data = Text(path=path, length=3).build()
    assert len(data.words) == len(SPECIAL) + 1 + len(data.train)
    assert not (data.train.x == 1).any()
    for part in (data.validation, data.test):
        assert (part.x[:, :2] == 1).all()
        assert (part.x[:, 2] == data.words.index("both")).all()


def test_parts_come_from_files_of_their_own(tmp_path):
    paths = {
        "path": table(tmp_path / "train.tsv", reviews(10)),
        "validation_path": table(tmp_path / "dev.tsv", [("unseen", "1"), ("film", "0")]),
        "test_path": table(tmp_path / "test.tsv", [("good film", "0")]),
    }
    data = Text(**paths, length=4).build()
    assert [len(part) for part in (data.train, data.validation, data.test)] == [10, 2, 1]
    assert "unseen" not in data.words
    assert data.validation.y.tolist() == [1, 0]
    assert data.validation.x[0].tolist() == [1, 0, 0, 0]


def test_only_what_has_no_file_is_split_off(tmp_path):
    paths = {"path": table(tmp_path / "a.tsv", reviews(20)), "test_path": table(tmp_path / "b.tsv", reviews(6))}
    data = Text(**paths, validation=0.2).build()
    assert [len(part) for part in (data.train, data.validation, data.test)] == [16, 4, 6]


def test_columns_are_found_by_name_in_a_csv_with_quotes(tmp_path):
    rows = [("id", "said", "mood"), *((str(i), f'"good, very ""good"" {i}"', "happy") for i in range(9))]
    rows += [(str(i), "bad", "sad") for i in range(9)]
    data = Text(path=table(tmp_path / "t.csv", rows, ","), text="said", label="mood", length=4).build()
    assert data.classes == ("happy", "sad")
    first = data.train.x[data.train.y == 0][0]
    assert [data.words[token] for token in first] == ["good", ",", "very", '"']


def test_a_folder_for_each_class(tmp_path):
    for label in ("spam", "ham"):
        (tmp_path / "mails" / label).mkdir(parents=True)
        for i in range(10):
            (tmp_path / "mails" / label / f"{i}.txt").write_text(f"{label} mail\nof {i}", encoding="utf-8")
    data = Text(path=tmp_path / "mails", length=3).build()
    assert data.classes == ("ham", "spam")
    assert (data.train.x[data.train.y == 1, 0] == data.words.index("spam")).all()


def test_labels_that_are_numbers_are_in_their_order(tmp_path):
    path = table(tmp_path / "t.tsv", [("text", str(i % 11)) for i in range(66)])
    assert Text(path=path).build().classes == tuple(str(i) for i in range(11))


def test_the_same_seed_gives_the_same_parts(tmp_path):
    path = table(tmp_path / "reviews.tsv", reviews(60))
    first, again, other = (Text(path=path, min_count=1, split_seed=seed).build() for seed in (1, 1, 2))
    assert first.digest == again.digest != other.digest


def test_a_relative_path_is_absolute_from_the_start(tmp_path, monkeypatch):
    table(tmp_path / "reviews.tsv", reviews())
    monkeypatch.chdir(tmp_path)
    assert Text(path="reviews.tsv").describe()["path"] == str(tmp_path / "reviews.tsv")


def test_the_example_is_a_data_set(tmp_path):
    data = Text.example(tmp_path).build()
    assert data.classes == ("blame", "praise")
    assert min(len(data.train), len(data.validation), len(data.test)) > 5
    assert torch.equal(data.train.y.unique(), torch.tensor([0, 1]))


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        ([("a", "1", "x"), ("b", "0")], {}, r"t\.tsv, line 2: every line must have 3 columns, got 2"),
        ([("said", "mood"), ("a", "1")], {"text": "sad"}, r"line 1: has no column 'sad'; did you mean 'said'\?"),
        ([("a", "1"), ("b", "0")], {"label": 2}, r"has 2 columns, positions 0 to 1, got 2"),
        ([("a", "1"), ("b", " ")], {}, r"line 2: the label must not be empty"),
        ([("a", "1"), (" ", "0")], {}, r"line 2: a text must have at least one word, got ' '; remove it"),
        (
            [("text", "label"), *reviews()],
            {},
            r"line 1: every class needs .* 'label' has 1; .*if that line is a header",
        ),
        ([("a", "1"), ("b", "1")], {}, r"must be at least 2 classes, every text has '1'"),
        ([], {}, r"must hold at least one text, got none"),
        (reviews(4), {"validation": 0.1, "test": 0.1}, r"4 texts are too few for a validation part"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(tmp_path, rows, settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        Text(path=table(tmp_path / "t.tsv", rows), **settings).build()
    assert "\n" not in str(caught.value)


def test_an_unknown_label_in_the_test_file_is_refused(tmp_path):
    good, bad = table(tmp_path / "a.tsv", reviews()), table(tmp_path / "b.tsv", [("fine", "1"), ("fine", "2")])
    with pytest.raises(ValueError, match=r"b\.tsv, line 2: the label must be one of .*, got '2'; known: 0, 1"):
        Text(path=good, test_path=bad).build()


def test_a_missing_file_names_the_nearest_one(tmp_path):
    table(tmp_path / "reviews.tsv", reviews())
    with pytest.raises(ValueError, match=r"review\.tsv: there is nothing here; did you mean 'reviews\.tsv'\?"):
        Text(path=tmp_path / "review.tsv").build()


def test_a_class_without_texts_is_refused(tmp_path):
    for label in ("spam", "ham"):
        (tmp_path / label).mkdir()
    (tmp_path / "ham" / "1.txt").write_text("a mail", encoding="utf-8")
    with pytest.raises(ValueError, match="class 'spam' must have texts, got none; add files"):
        Text(path=tmp_path).build()


@pytest.mark.parametrize("name", ["t.tsv", "t.csv"])
def test_what_is_not_utf8_is_refused_with_its_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"good\t1\nk\xe4se\t0\n")
    with pytest.raises(ValueError, match=r"line 2: must be UTF-8, got the byte 0xe4; convert it: iconv"):
        Text(path=path).build()


def test_a_broken_csv_is_refused_with_its_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('good,1\n"bad"x,0\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: must be well-formed CSV: .*; quote the cell"):
        Text(path=path).build()
