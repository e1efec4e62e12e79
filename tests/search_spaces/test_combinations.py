"""Combinations against a plain enumeration: every assignment of values, less the parameters that do not exist."""

import itertools

import pytest

from search_spaces.combinations import Combinations

VALUES = {"depth": (1, 2), "kind": ("a", "b", "c"), "width": (8, 16), "rate": (0.1, 0.2, 0.3), "seed": (0, 1)}
ONE = {"width": [("kind", ("a", "b"))]}
NESTED = {"width": [("kind", ("a", "b"))], "rate": [("width", (8,))]}
SEVERAL = {"rate": [("kind", ("a",)), ("depth", (2,))], "width": [("kind", ("c",))]}
BACKWARDS = {"depth": [("seed", (1,))], "kind": [("depth", (2,))]}


def by_hand(values, conditions):
    found = set()
    for drawn in itertools.product(*values.values()):
        point = dict(zip(values, drawn, strict=True))
        for _ in values:  # once for each generation of parameters
            point = {
                name: value
                for name, value in point.items()
                if all(parent in point and point[parent] in allowed for parent, allowed in conditions.get(name, ()))
            }
        found.add(frozen(point))
    return found


def frozen(point):
    return tuple(sorted(point.items()))


@pytest.mark.parametrize("conditions", [{}, ONE, NESTED, SEVERAL, BACKWARDS])
def test_each_combination_comes_once(conditions):
    expected = by_hand(VALUES, conditions)
    combinations = Combinations(VALUES, conditions)
    assert combinations.size == len(expected)
    listed = [frozen(point) for point in combinations]
    assert len(listed) == len(expected) and set(listed) == expected


def test_without_conditions_the_order_is_that_of_a_product():
    expected = [dict(zip(VALUES, drawn, strict=True)) for drawn in itertools.product(*VALUES.values())]
    assert list(Combinations(VALUES, {})) == expected


def test_counting_lists_nothing():
    many = {f"x{i}": range(10**6) for i in range(5)} | {"kind": ("a", "b")}
    combinations = Combinations(many, {"x4": [("kind", ("b",))]})
    assert combinations.size == 10**24 * (1 + 10**6)
    assert combinations.at(0)["kind"] == "a"
    assert combinations.at(combinations.size - 1) == {f"x{i}": 10**6 - 1 for i in range(5)} | {"kind": "b"}


def test_nothing_to_combine_is_one_empty_point():
    assert list(Combinations({}, {})) == [{}]
