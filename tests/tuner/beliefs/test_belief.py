import numpy as np
import pytest

from search_spaces.dimensions import Among, Between
from search_spaces.flat import FlatSpace
from tuner.beliefs.belief import BELIEVED, DRAWN, LOOKED_AT, Belief
from tuner.beliefs.coordinates import Coordinates
from tuner.beliefs.evidence import MANY, Evidence, refitted, renewed
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


def belief_of(seen, working=()):
    rng = np.random.default_rng(0)
    process = seen.process(seen.settings(rng), rng)
    return Belief(seen, process).amid(working)


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
    after = belief_of(bowl, working=[25])
    assert after._prospects(first[None]).hopes[0] < hope - 0.5


def test_of_a_thousand_at_work_those_count_that_may_become_the_best(bowl):
    before = belief_of(bowl)
    first, hope = before.best_new(np.random.default_rng(1))
    rng = np.random.default_rng(2)
    bowl.points.update({25 + i: row for i, row in enumerate(rng.random((999, 2)) * [0.3, 1.0])})  # far from it
    bowl.points[25 + 999] = first
    after = belief_of(bowl, working=range(25, 25 + 1000))
    assert len(after.process.seen) == 25 + BELIEVED
    assert after._prospects(first[None]).hopes[0] < hope - 0.5


def test_among_many_points_that_were_tried_the_best_is_still_searched_around(bowl):
    rng = np.random.default_rng(2)
    bowl.points.update({25 + i: row for i, row in enumerate(rng.random((LOOKED_AT, 2)))})
    found, _ = belief_of(bowl).best_new(np.random.default_rng(1))
    assert found == pytest.approx([0.7, 0.3], abs=0.05)


def test_a_point_that_was_tried_is_not_proposed_again():
    space = FlatSpace({"a": Among("u", "v"), "b": Among("u", "v")})
    points = [{"a": "u", "b": "u"}, {"a": "u", "b": "v"}, {"a": "v", "b": "u"}]
    seen = evidence(points, [1.0, 2.0, 3.0], space=space)
    found, _ = belief_of(seen).best_new(np.random.default_rng(1))
    assert seen.coordinates.point(found) == {"a": "v", "b": "v"}
    seen.points[3] = found
    assert belief_of(seen).best_new(np.random.default_rng(1)) is None


def test_of_trials_cut_short_more_is_hoped_of_the_one_that_did_better():
    points = [{"x": x, "y": 0.5} for x in (0.1, 0.5, 0.9)]
    seen = evidence(points, [0.9, 0.5, 0.1], epochs=27, at=3)
    belief = belief_of(seen)
    assert [belief.most_hoped(some) for some in ([0, 1, 2], [1, 0], [0])] == [2, 1, 0]
    hopes = belief._trials(np.arange(3))[0].hopes
    assert belief.most_hoped([0, 1, 2], above=hopes.max() - 1e-3) == 2
    assert belief.most_hoped([0, 1, 2], above=hopes.max()) is None


def test_failures_alone_are_no_evidence_against_everything():
    seen = evidence([{"x": 0.2, "y": 0.2}], [None])
    assert belief_of(seen).best_new(np.random.default_rng(1)) is not None


def test_work_leaves_what_is_expected_as_it_is_and_nowhere_raises_hope(bowl):
    rows = np.random.default_rng(3).random((200, 2))
    bowl.points.update({25 + i: row for i, row in enumerate(rows[:30])})
    alone = belief_of(bowl)
    amid = alone.amid(range(25, 55))
    (mean, before), (same, after) = alone.process.predict(rows), amid.process.predict(rows)
    assert same == pytest.approx(mean, abs=1e-6)
    assert np.all(after <= before + 1e-9)
    assert np.all(amid._prospects(rows).hopes <= alone._prospects(rows).hopes + 1e-6)


def test_the_trial_and_the_point_found_among_the_foremost_are_those_of_all(bowl):
    """What is hoped for without the work bounds it with the work: few need be looked at, and none is missed."""
    rows = np.random.default_rng(4).random((900, 2))
    bowl.points.update({25 + i: row for i, row in enumerate(rows)})
    alone, numbers = belief_of(bowl), list(range(25, 925))
    amid = alone.amid(list(range(25, 65)))
    hopes = amid._prospects(rows, np.array(numbers)).hopes
    assert amid.most_hoped(numbers) == amid.most_hoped(numbers, hopes.max() - 1e-3) == 25 + int(np.argmax(hopes))
    assert amid.most_hoped(numbers, hopes.max() + 1e-3) is None
    drawn = bowl.coordinates.draw(np.random.default_rng(1), DRAWN)
    assert amid.best_new(np.random.default_rng(1))[1] >= amid._prospects(drawn).hopes.max() - 1e-9


def test_settings_are_learned_anew_ever_more_rarely():
    assert [refitted(count) for count in (3, 8, 9, 10, 11, 12, 14, 15, 17, 18)] == [8, 8, 8, 10, 10, 12, 12, 15, 15, 18]
    assert len({refitted(count) for count in range(8, 1000)}) < 25


def test_of_many_observations_a_hundredth_renews_the_model():
    assert [renewed(count) for count in (0, 1, 99, MANY - 1, MANY, MANY + 9, MANY + 10, MANY + 19)] == [
        0, 1, 99, MANY - 1, MANY, MANY, MANY + 10, MANY + 10
    ]  # fmt: skip
    assert len({renewed(count) for count in range(MANY, 10 * MANY)}) < 250
