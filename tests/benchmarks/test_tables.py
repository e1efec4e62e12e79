import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from quality import picture, svg, tables
from quality.results import MARKS, Row


def rows(levels: dict[str, float], seeds: int = 2, until: float = 40) -> list[Row]:
    """Runs whose regret is `level / mark`."""
    return [
        Row(
            task, seed, 1, until, 9, 2.0, level,
            tuple(level / mark if mark <= until else math.nan for mark in MARKS), "2026-01-01", "x-1",
        )
        for task, level in levels.items()
        for seed in range(seeds)
    ]  # fmt: skip


FIELD = {
    "auto+asha": rows({"lcbench/1": 0.5, "lcbench/2": 1.0, "fcnet/a": 0.5}, until=100),
    "random_search": rows({"lcbench/1": 2.0, "lcbench/2": 4.0, "fcnet/a": 6.0}, until=100),
    "short": rows({"lcbench/1": 1.0, "lcbench/2": 2.0, "fcnet/a": 3.0}, seeds=1, until=20),
    "third": rows({"lcbench/1": 1.0, "lcbench/2": 2.0, "fcnet/a": 9.0}, until=100),
}


def cells(text: str, method: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {method} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_table_has_the_mean_over_tasks_at_each_mark_and_the_seeds():
    text = tables.regrets(FIELD, 1, "surrogates", tables.GROUPS["surrogates"])
    assert "2 tasks" in text
    # Levels 2 and 4: 3 / mark on average.
    assert cells(text, "random_search") == ["random_search", "2", "0.600", "0.300", "0.150", "0.075", "3.000"]


def test_a_shorter_run_leaves_its_later_marks_empty_and_comes_last():
    text = tables.regrets(FIELD, 1, "all tasks", tables.GROUPS["all tasks"])
    assert cells(text, "short")[2:6] == ["0.400", "0.200", "0.100", ""]
    assert text.splitlines()[-1].startswith("| short")


def test_only_tasks_of_one_level_are_shown_at_100():
    assert (
        cells(tables.regrets(FIELD, 1, "tables of one level", tables.GROUPS["tables of one level"]), "third")[6]
        == "0.090"
    )


def test_trainings_recorded_afterwards_are_told_apart_from_all_others():
    field = FIELD | {"third": [*FIELD["third"], *rows({"own/a": 4.0, "own/b": 8.0})]}
    text = tables.everything(field, 1)
    assert "all tasks: 3 tasks" in text
    apart = text[text.index("trainings recorded afterwards: 2 tasks") :]
    assert cells(apart[: apart.index("\n\nTime")], "third")[2] == "1.200"
    assert "own/" not in picture.draw(field) and "3 recorded tasks" in picture.draw(field)


def test_a_method_that_has_not_run_every_task_of_a_group_is_left_out_of_it():
    field = FIELD | {"partial": rows({"lcbench/1": 1.0, "lcbench/2": 1.0})}
    assert "partial" not in tables.regrets(field, 1, "all tasks", tables.GROUPS["all tasks"])
    assert "partial" in tables.regrets(field, 1, "surrogates", tables.GROUPS["surrogates"])


def test_ranks_are_of_methods_that_came_to_the_mark():
    text = tables.ranks(FIELD, 1, 40, "all tasks")
    assert cells(text, "auto+asha") == ["auto+asha", "1.00"]
    assert cells(text, "third") == ["third", "2.33"]
    assert cells(text, "random_search") == ["random_search", "2.67"]
    assert "short" not in text


def test_times_are_shares_of_random_searchs_time():
    text = tables.times(FIELD, 1)
    # On surrogates 0.75 / mark comes down to 3 / 40 at mark 10, a quarter of the time.
    lines = [line for line in text.splitlines() if "surrogates" in line]
    assert [line.strip("| ").split("|")[-1].strip() for line in lines] == ["25 %", "100 %", "50 %"]


def test_suggestion_times_stand_apart_with_the_slowest_run():
    field = {"a": [*rows({"lcbench/1": 1.0}, seeds=3), *rows({"lcbench/2": 1.0}, seeds=1)]}
    field["a"][-1] = replace(field["a"][-1], suggestion_ms=10.0, trials=21)
    assert cells(tables.speeds(field, 1), "a") == ["a", "4", "10", "12"]


def test_versions_and_dates_are_told():
    assert tables.provenance({"a": rows({"lcbench/1": 1.0})}, 1) == "a: x-1, 2026-01-01"


def test_the_picture_is_xml_with_a_line_and_two_names_a_method():
    root = ElementTree.fromstring(picture.draw(FIELD))
    words = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    for name in ("auto+asha", "random_search", "third"):
        assert sum(word.startswith(name) for word in words) == 2
    # A run that was cut short has its curve, and says how far it goes, but no rank.
    assert [word for word in words if word.startswith("short")] == ["short  0.100 at 20"]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [([0, 100], [0, 100]), ([50, 52, 51], [50, 70, 60]), ([95, 96], [90, 100]), ([100, 100, 100], [80, 90, 100])],
)
def test_labels_keep_apart_and_above_the_lowest_line(heights: list[float], expected: list[float]):
    assert svg.apart(heights, 10, 100) == expected
