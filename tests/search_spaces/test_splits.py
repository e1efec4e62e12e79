import pytest
import torch

from search_spaces.splits import stratified

LABELS = torch.tensor([0] * 20 + [1] * 40 + [2] * 10)


def test_each_class_has_its_share_in_every_part() -> None:
    train, validation, test = stratified(LABELS, 0.2, 0.1, seed=0)
    # of 20, 40 and 10: a fifth is 4, 8, 2; a tenth is 2, 4, 1; the rest is 14, 28, 7
    assert LABELS[validation].bincount().tolist() == [4, 8, 2]
    assert LABELS[test].bincount().tolist() == [2, 4, 1]
    assert LABELS[train].bincount().tolist() == [14, 28, 7]


def test_nothing_is_in_two_parts_and_nothing_is_lost() -> None:
    parts = stratified(LABELS, 0.2, 0.1, seed=0)
    assert sorted(torch.cat(parts).tolist()) == list(range(70))


def test_the_seed_decides_the_split() -> None:
    first, same, other = (stratified(LABELS, 0.2, 0.1, seed=seed)[0].tolist() for seed in (3, 3, 4))
    assert first == same
    assert first != other


def test_members_are_drawn_not_taken_from_the_front() -> None:
    _, validation, _ = stratified(LABELS, 0.2, 0.1, seed=0)
    assert validation.tolist() != [0, 1, 2, 3, *range(20, 28), 60, 61]


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (0.9, 0.2)])
def test_something_must_be_left_to_train_on(validation: float, test: float) -> None:
    with pytest.raises(ValueError, match="must leave something to train on"):
        stratified(LABELS, validation, test, seed=0)
