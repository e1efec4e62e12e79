import json
import math
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from search_spaces.choice import Choice, fields_of
from search_spaces.dimensions import Among, Between


class Example(Choice):
    """One sentence.

    And more.
    """

    width: Annotated[int, Between(2, 8, shapes=True), Field(ge=1)] = 4
    """How wide."""
    rate: Annotated[float, Between(0, 1)] = 0.5
    """How fast."""
    kind: Annotated[Literal["a", "b", "c"], Among("a", "b")] = "a"
    """Which kind."""
    steady: int = 3
    """Not searched."""


class Needy(Choice):
    """Needs a number."""

    number: int
    """Which number."""


def test_its_name_is_its_files_and_its_help_is_its_docstring() -> None:
    assert Example.key() == "test_choice"
    assert Example.summary() == "One sentence."


def test_its_dimensions_are_the_annotated_fields() -> None:
    assert Example.dimensions() == {
        "width": Between(2, 8, shapes=True),
        "rate": Between(0.0, 1.0),
        "kind": Among("a", "b"),
    }


def test_a_range_takes_the_kind_of_numbers_of_its_field() -> None:
    rate = Example.dimensions()["rate"]
    assert isinstance(rate, Between)
    assert not rate.integer


def test_it_is_frozen_and_takes_no_unknown_setting() -> None:
    with pytest.raises(ValidationError):
        Example().width = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="depth"):
        Example(depth=3)  # type: ignore[call-arg]


def test_what_is_valid_is_wider_than_what_is_searched() -> None:
    assert Example(width=100, kind="c").width == 100
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Example(width=0)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_setting_is_a_finite_number(value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Example(rate=value)


def test_describe_gives_all_settings_as_plain_data() -> None:
    described = Example(width=7).describe()
    assert described == {"name": "test_choice", "width": 7, "rate": 0.5, "kind": "a", "steady": 3}
    assert json.loads(json.dumps(described)) == described


def test_fields_of_gives_range_default_and_sentence() -> None:
    assert list(fields_of(Example)) == [
        ("width", "2 .. 8", "4", "How wide."),
        ("rate", "0.0 .. 1.0", "0.5", "How fast."),
        ("kind", "a | b", "a", "Which kind."),
        ("steady", "int", "3", "Not searched."),
    ]
    assert list(fields_of(Needy)) == [("number", "int", "required", "Which number.")]


def test_help_shows_the_values_of_a_setting_that_is_not_searched() -> None:
    from search_spaces.architectures.resnet import Resnet
    from search_spaces.choice import fields_of

    rows = {name: (values, sentence) for name, values, _, sentence in fields_of(Resnet)}
    assert rows["stem"][0] == "small | imagenet"
    assert "\n" not in rows["stem"][1]
