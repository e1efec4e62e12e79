import pandas as pd
import pytest

from dashboards.style import STATE, SYMBOL, counted, named, plain, shown
from tracking.records import State


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (12345.678, "12,346"),
        (1e-7, "1e-07"),
        (3e12, "3e+12"),
        (7, "7"),
        ("relu", "relu"),
        (True, "True"),
        (None, ""),
        (pd.NA, ""),
        (float("nan"), ""),
    ],
)
def test_a_value_is_shown_as_a_person_reads_it(value, text):
    assert shown(value) == text


def test_a_noun_follows_its_number():
    assert [counted(number, "trial") for number in (0, 1, 2000)] == ["0 trials", "1 trial", "2,000 trials"]


def test_text_for_a_figure_holds_no_tags():
    assert plain("<b>a & b</b>") == "&lt;b&gt;a &amp; b&lt;/b&gt;"


def test_every_state_has_a_colour_a_symbol_and_a_word():
    assert set(STATE) == set(SYMBOL) == set(State)
    assert [named(state) for state in State] == ["running", "paused", "complete", "pruned", "failed"]
