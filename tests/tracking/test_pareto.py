import random

from tracking.pareto import fronts


def by_definition(points):
    """Front after front, every pair compared."""

    def dominates(one, other):
        return all(a >= b for a, b in zip(one, other, strict=True)) and one != other

    found, left, front = [0] * len(points), set(range(len(points))), 0
    while left:
        front += 1
        best = [i for i in left if not any(dominates(points[j], points[i]) for j in left)]
        for i in best:
            found[i] = front
        left -= set(best)
    return found


def test_fronts_of_a_few_points():
    # (1, 5), (2, 4) twice and (3, 3) beat each other in one objective; (1, 1) is beaten by all of them
    assert fronts([(1, 5), (2, 4), (3, 3), (1, 1), (2, 4), (0, 0)]) == [1, 1, 1, 2, 1, 3]


def test_one_objective_ranks_by_its_values():
    assert fronts([(0.5,), (0.9,), (0.7,), (0.9,)]) == [3, 1, 2, 1]


def test_no_points_have_no_fronts():
    assert fronts([]) == []


def test_fronts_are_those_of_the_definition():
    draw = random.Random(0)
    for objectives in (2, 3, 4):
        points = [tuple(draw.randrange(6) for _ in range(objectives)) for _ in range(120)]
        assert fronts(points) == by_definition(points)


def test_scales_that_lie_far_apart_change_nothing():
    # rounded, both sums are 1e17: the first row dominates the second all the same
    assert fronts([(1e17, 0.5), (1e17, 0.25)]) == [1, 2]
    assert fronts([(1e17, 0.25), (1e17, 0.5)]) == [2, 1]
