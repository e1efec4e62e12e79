import math
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import SpecError
from tuner.reading import override, parse, read_yaml


def problem(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text, "a.yaml")
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    # https://yaml.org/spec/1.2.2/#103-core-schema, but that 0x and 0o stay text
    [
        ("1e-4", 1e-4),
        ("1E5", 1e5),
        ("-2.5e+3", -2500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        ("010", 10),
        ("08", 8),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("12:30", "12:30"),
        ("1:2:3", "1:2:3"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("1e", "1e"),
        ("e5", "e5"),
        ("'1'", "1"),
    ],
)
def test_values_are_read_as_yaml_1_2_has_them(text: str, value: Any) -> None:
    found = parse(f"key: {text}", "a.yaml")["key"]
    assert found == value
    assert type(found) is type(value)


def test_infinity_and_no_number() -> None:
    assert parse("[.inf, -.INF]", "a.yaml") == [math.inf, -math.inf]
    assert math.isnan(parse(".nan", "a.yaml"))


def test_a_repeated_key_is_refused_with_its_place() -> None:
    assert problem("a: 1\nb: {c: 1, c: 2}\n") == (
        "a.yaml: line 2, column 11: the key 'c' stands twice in one mapping: keep one of them"
    )


def test_the_same_key_in_two_mappings_is_no_repetition() -> None:
    assert parse("{a: {x: 1}, b: {x: 1}}", "a.yaml") == {"a": {"x": 1}, "b": {"x": 1}}


def test_an_alias_is_refused_with_its_place() -> None:
    assert problem("a: &x [1]\nb: *x\n").startswith("a.yaml: line 2, column 4: aliases (*name) are not read")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1, 2\nb: 3\n", "line 2, column 2"),
        ("a: 1\n\tb: 2\n", "line 2, column 1"),
        ("a: 'open\n", "line 2, column 1"),
        ("? [a]\n: 1\n", "line 1, column 3: a key must be a single word"),
        ("a: !!int abc\n", "line 1, column 4"),
        ("a: !!python/object:os.system x\n", "line 1, column 4"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1"),
    ],
)
def test_what_cannot_be_read_names_line_and_column(text: str, place: str) -> None:
    assert problem(text).startswith(f"a.yaml: {place}")


def test_control_characters_and_endless_nesting_are_one_line() -> None:
    assert "is not YAML" in problem("a: \x01")
    assert "is not YAML" in problem("[" * 5000)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(SpecError, match="it is not UTF-8 text"):
        read_yaml(tmp_path / "latin.yaml")
    (tmp_path / "large.yaml").write_text("# " + "x" * 1_000_000)
    with pytest.raises(SpecError, match="at most 1,000,000 characters, this has 1,000,002"):
        read_yaml(tmp_path / "large.yaml")


@pytest.mark.parametrize(("text", "held"), [("", "None"), ("- a\n", r"\['a'\]"), ("digits", "'digits'")])
def test_a_file_holds_one_mapping(tmp_path: Path, text: str, held: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(SpecError, match=f"must hold a mapping .* it holds {held}"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("raw", "assignment", "expected"),
    [
        ({}, "seed=3", {"seed": 3}),
        ({"budget": {"trials": 4, "epochs": 2}}, "budget.trials=8", {"budget": {"trials": 8, "epochs": 2}}),
        ({}, "budget.trials=8", {"budget": {"trials": 8}}),
        ({"optimizer": "sgd"}, "optimizer.sgd.lr=1e-2", {"optimizer": {"sgd": {"lr": 0.01}}}),
        ({"optimizer": ["sgd", "adamw"]}, "optimizer.sgd.lr=1", {"optimizer": {"sgd": {"lr": 1}, "adamw": {}}}),
        (
            {"optimizer": ["sgd", {"adamw": {"lr": 1}}]},
            "optimizer.adamw.beta1=0",
            {"optimizer": {"sgd": {}, "adamw": {"lr": 1, "beta1": 0}}},
        ),
        ({"optimizer": {"sgd": None}}, "optimizer.sgd.lr=1", {"optimizer": {"sgd": {"lr": 1}}}),
        ({"optimizer": ["sgd"]}, "optimizer=adamw", {"optimizer": "adamw"}),
        ({}, "a=[x, y]", {"a": ["x", "y"]}),
        ({}, "a={low: 1, high: 2}", {"a": {"low": 1, "high": 2}}),
        ({}, "a=b=c", {"a": "b=c"}),
        ({"a": 1}, "a=", {"a": None}),
    ],
)
def test_an_override_finds_its_place(raw: dict[str, Any], assignment: str, expected: dict[str, Any]) -> None:
    assert override(raw, [assignment]) == expected


def test_later_overrides_win_and_the_original_stays() -> None:
    raw = {"budget": {"trials": 4}}
    assert override(raw, ["budget.trials=5", "budget.trials=6"]) == {"budget": {"trials": 6}}
    assert raw == {"budget": {"trials": 4}}


@pytest.mark.parametrize(
    ("raw", "assignment", "message"),
    [
        ({}, "seed", "an override is written key=value, got 'seed'"),
        ({}, "=3", "an override is written key=value, got '=3'"),
        ({"seed": 3}, "seed.a=1", "seed.a: seed is 3, which has no keys below it: override seed as a whole"),
        ({}, "a=[1", "line 1, column 3"),
    ],
)
def test_an_override_that_cannot_be_says_why(raw: dict[str, Any], assignment: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        override(raw, [assignment])
    assert message in str(caught.value)
    assert str(caught.value).startswith("command line")
