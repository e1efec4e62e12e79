import numpy as np
import pytest

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from tuner.beliefs.coordinates import Coordinates

SPACE = FlatSpace(
    {
        "net": Among("mlp", "conv"),
        "width": Between(16, 256, log=True),
        "rate": Between(1e-4, 1e-1, log=True),
        "dropout": Between(0.0, 0.5, step=0.1),
        "batch": Among(128, 32, 64),
        "kernel": Between(1, 7, step=2),
    },
    {"width": [("net", ("mlp",))], "kernel": [("net", ("conv",))]},
)


@pytest.fixture
def coordinates():
    return Coordinates(SPACE)


def test_a_point_becomes_a_row_and_the_row_the_same_point(coordinates):
    point = {"net": "mlp", "width": 64, "rate": 1e-2, "dropout": 0.2, "batch": 64}
    back = coordinates.point(coordinates.row(point))
    assert back.pop("rate") == pytest.approx(1e-2)
    assert back.pop("dropout") == pytest.approx(0.2)
    assert back == {"net": "mlp", "width": 64, "batch": 64}


def test_a_log_range_is_even_in_its_logarithm(coordinates):
    names = [axis.name for axis in coordinates.axes]
    row = coordinates.row({"net": "mlp", "width": 64, "rate": 1e-3, "dropout": 0.0, "batch": 32})
    assert row[names.index("width")] == pytest.approx(0.5)  # 16 x 16^(1/2) = 64
    assert row[names.index("rate")] == pytest.approx(1 / 3)


def test_a_list_of_numbers_is_ordered_by_its_values(coordinates):
    places = {batch: coordinates.row({"batch": batch})[-2] for batch in (32, 64, 128)}
    names = [axis.name for axis in coordinates.axes]
    assert names[-2] == "batch"
    assert places == {32: 0.0, 64: 0.5, 128: 1.0}


def test_what_is_not_part_of_a_point_is_neutral(coordinates):
    names = [axis.name for axis in coordinates.axes]
    row = coordinates.row({"net": "conv", "kernel": 3, "rate": 1e-3, "dropout": 0.0, "batch": 32})
    assert row[names.index("width")] == 0.5
    assert "width" not in coordinates.point(row)


def test_every_row_drawn_is_a_point_of_the_space(coordinates):
    rows = coordinates.draw(np.random.default_rng(0), 300)
    for row in rows:
        point = coordinates.point(row)
        SPACE.validate(point)
        assert ("width" in point) == (point["net"] == "mlp")
        np.testing.assert_allclose(coordinates.row(point), row, atol=1e-9)


def test_neighbours_are_points_of_the_space_and_differ_from_their_origin_seldom_in_everything(coordinates):
    rng = np.random.default_rng(0)
    origin = coordinates.draw(rng, 1)
    near = coordinates.near(rng, origin, 100)
    assert near.shape == (300, 6)
    for row in near:
        SPACE.validate(coordinates.point(row))
    changed = (np.abs(near - origin) > 1e-9).mean()
    assert 0.05 < changed < 0.6


def test_a_parameter_that_comes_to_exist_is_drawn_afresh(coordinates):
    rng = np.random.default_rng(0)
    names = [axis.name for axis in coordinates.axes]
    origin = coordinates.row({"net": "conv", "kernel": 3, "rate": 1e-3, "dropout": 0.0, "batch": 32})[None]
    near = coordinates.near(rng, origin, 200)
    widths = near[near[:, 0] == 0, names.index("width")]
    assert len(widths) > 20
    assert widths.std() > 0.2


def test_equal_points_have_equal_keys(coordinates):
    one = coordinates.row({"net": "mlp", "width": 64, "rate": 1e-2, "dropout": 0.2, "batch": 64})
    other = coordinates.row({"net": "mlp", "width": 64, "rate": 1e-2, "dropout": 0.1 + 0.1, "batch": 64})
    different = coordinates.row({"net": "mlp", "width": 65, "rate": 1e-2, "dropout": 0.2, "batch": 64})
    keys = coordinates.keys(np.array([one, other, different]))
    assert keys[0] == keys[1] != keys[2]
