import numpy as np
import pytest

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from tuner.beliefs.belief import BELIEVED, LOOKED_AT, Belief, Evidence, refitted
from tuner.beliefs.coordinates import Coordinates
from tuner.beliefs.outcomes import Observation

SPACE = FlatSpace({"x": Between(0.0, 1.0), "y": Between(0.0, 1.0)})


def evidence(points, values, epochs=1, at=1, space=SPACE):
    coordinates = Coordinates(space)
    rows = {number: coordinates.row(point) for number, point in enumerate(points)}
    return Evidence(coordinates, rows, [Observation(i, at, value) for i, value in enumerate(values)], epochs)


@pytest.fixture
def bowl():
    rng = np.random.default_rng(0)
    points = [{"x": float(x), "y": float(y)} for x, y in rng.random((25, 2))]
    return evidence(points, [(it["x"] - 0.7) ** 2 + (it["y"] - 0.3) ** 2 for it in points])


def belief_of(seen, pending=()):
    rng = np.random.default_rng(0)
    return Belief.of(seen, seen.settings(rng), rng, pending)


def test_the_best_new_point_lies_where_the_best_is(bowl):
    found, _ = belief_of(bowl).best_new(np.random.default_rng(1))
    assert found == pytest.approx([0.7, 0.3], abs=0.05)


def test_the_same_evidence_and_seed_find_the_same_point(bowl):
    one, other = (belief_of(bowl).best_new(np.random.default_rng(1)) for _ in range(2))
    assert one[0].tolist() == other[0].tolist()


def test_where_a_trial_is_at_work_less_is_hoped_for(bowl):
    before = belief_of(bowl)
    first, hope = before.best_new(np.random.default_rng(1))
    bowl.points[25] = first
    after = belief_of(bowl, pending=[25])
    assert after._hopes(first[None])[0] < hope - 0.5


def test_of_a_thousand_at_work_those_count_that_may_become_the_best(bowl):
    before = belief_of(bowl)
    first, hope = before.best_new(np.random.default_rng(1))
    rng = np.random.default_rng(2)
    bowl.points.update({25 + i: row for i, row in enumerate(rng.random((999, 2)) * [0.3, 1.0])})  # far from it
    bowl.points[25 + 999] = first
    after = belief_of(bowl, pending=range(25, 25 + 1000))
    assert len(after.process.seen) == 25 + BELIEVED
    assert after._hopes(first[None])[0] < hope - 0.5


def test_among_many_points_that_were_tried_the_best_is_still_searched_around(bowl):
    rng = np.random.default_rng(2)
    bowl.points.update({25 + i: row for i, row in enumerate(rng.random((LOOKED_AT, 2)))})
    found, _ = belief_of(bowl).best_new(np.random.default_rng(1))
    assert found == pytest.approx([0.7, 0.3], abs=0.05)


def test_a_point_that_was_tried_is_not_proposed_again():
    space = FlatSpace({"a": Among("u", "v"), "b": Among("u", "v")})
    points = [{"a": "u", "b": "u"}, {"a": "u", "b": "v"}, {"a": "v", "b": "u"}]
    seen = evidence(points, [1.0, 2.0, 3.0], space=space)
    found, _ = belief_of(seen).best_new(np.random.default_rng(0))
    assert seen.coordinates.point(found) == {"a": "v", "b": "v"}
    seen.points[3] = found
    assert belief_of(seen).best_new(np.random.default_rng(0)) is None


def test_of_trials_cut_short_more_is_hoped_of_the_one_that_did_better():
    points = [{"x": x, "y": 0.5} for x in (0.1, 0.5, 0.9)]
    seen = evidence(points, [0.9, 0.5, 0.1], epochs=27, at=3)
    hopes = belief_of(seen).of_trials([0, 1, 2])
    assert hopes[2] > hopes[1] > hopes[0]


def test_failures_alone_are_no_evidence_against_everything():
    seen = evidence([{"x": 0.2, "y": 0.2}], [None])
    assert belief_of(seen).best_new(np.random.default_rng(0)) is not None


def test_settings_are_learned_anew_ever_more_rarely():
    assert [refitted(count) for count in (3, 8, 9, 10, 11, 12, 14, 15, 17, 18)] == [8, 8, 8, 10, 10, 12, 12, 15, 15, 18]
    assert len({refitted(count) for count in range(8, 1000)}) < 25
