"""What every choice of every plug-in folder keeps to: its help, its ranges, and its way through JSON and pickle."""

import json
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from search_spaces import plugins
from search_spaces.choice import Choice
from search_spaces.space import SLOTS

FOLDERS = [folder for slot, folder in SLOTS.items() if slot != "training"] + ["tuner.searchers", "tuner.schedulers"]
KINDS = [
    pytest.param((folder, name), id=f"{folder.rsplit('.', 1)[-1]}-{name}")
    for folder in FOLDERS
    for name in plugins.names(folder)
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> type[Choice]:
    return plugins.find(*request.param)


def required(kind: type[Choice]) -> dict[str, Any]:
    """Values for what must be given: a text will do for all that exist so far, or the kind is left out."""
    return {name: "given" for name, field in kind.model_fields.items() if field.is_required()}


def default_of(kind: type[Choice]) -> Choice:
    try:
        return kind(**required(kind))
    except ValidationError as error:
        pytest.skip(f"needs settings that no test can make up: {error.errors()[0]['msg']}")


def is_sentence(text: str) -> bool:
    return text.endswith(".") and not text[0].islower() and " " in text


def test_its_name_is_a_word_and_its_docstring_begins_with_a_sentence(kind: type[Choice]) -> None:
    assert kind.key().isidentifier()
    assert kind.key() == kind.key().lower()
    assert kind.__doc__ is not None
    assert kind.__doc__ != kind.__base__.__doc__
    assert is_sentence(kind.summary()), kind.summary()


def test_every_setting_has_a_sentence(kind: type[Choice]) -> None:
    for name, field in kind.model_fields.items():
        assert field.description, f"{name} has none"
        assert is_sentence(field.description), f"{name}: {field.description}"


def test_every_end_and_option_of_its_ranges_is_valid(kind: type[Choice]) -> None:
    settings = default_of(kind).model_dump()
    for name, dimension in kind.dimensions().items():
        for value in dimension.grid(2):
            kind(**{**settings, name: value})


def test_it_survives_json_and_pickle(kind: type[Choice]) -> None:
    choice = default_of(kind)
    described = json.loads(json.dumps(choice.describe(), allow_nan=False))
    assert described.pop("name") == kind.key()
    assert kind(**described) == choice
    assert pickle.loads(pickle.dumps(choice)) == choice


def test_it_refuses_an_unknown_setting(kind: type[Choice]) -> None:
    with pytest.raises(ValidationError, match="no_such_setting"):
        kind(**required(kind), no_such_setting=1)
