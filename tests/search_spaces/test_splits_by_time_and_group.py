import pytest
import torch

from search_spaces.splits import by_group, by_time


def test_the_earliest_train_and_the_latest_test():
    times = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    train, validation, test = by_time(times, 0.15, 0.15)
    assert times[train].tolist() == list(range(14))
    assert times[validation].tolist() == [14, 15, 16]
    assert times[test].tolist() == [17, 18, 19]


def test_samples_of_one_time_are_never_in_two_parts():
    times = torch.tensor([0] * 6 + [1] * 3 + [2] * 4)
    parts = by_time(times, 0.2, 0.2)
    assert [set(times[part].tolist()) for part in parts] == [{0}, {1}, {2}]


def test_a_part_that_would_be_empty_is_refused():
    with pytest.raises(ValueError, match="the training part would be empty, of 10 samples; give it a larger share"):
        by_time(torch.zeros(10), 0.2, 0.2)


@pytest.mark.parametrize("seed", range(5))
def test_a_group_is_never_in_two_parts_and_no_sample_is_lost(seed):
    groups = torch.randint(0, 30, (500,), generator=torch.Generator().manual_seed(seed))
    parts = by_group(groups, 0.15, 0.15, seed)
    inside = [set(groups[part].tolist()) for part in parts]
    assert not inside[0] & inside[1] and not inside[0] & inside[2] and not inside[1] & inside[2]
    assert torch.cat(parts).sort().values.tolist() == list(range(500))
    assert all(50 <= len(part) <= 100 for part in parts[1:])


def test_three_groups_of_any_size_fill_three_parts():
    for sizes in ((98, 1, 1), (50, 50, 1), (34, 33, 33)):
        parts = by_group(torch.repeat_interleave(torch.arange(3), torch.tensor(sizes)), 0.15, 0.15, 0)
        assert all(len(part) for part in parts)


def test_the_same_seed_gives_the_same_groups():
    groups = torch.arange(60) // 3
    first, again, other = (by_group(groups, 0.2, 0.2, seed)[2].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_too_few_groups_are_refused():
    with pytest.raises(ValueError, match="splitting into 3 parts needs at least 3 groups, got 2"):
        by_group(torch.tensor([0, 0, 1, 1]), 0.2, 0.2, 0)


def test_shares_must_leave_something_to_train_on():
    for split in (lambda: by_time(torch.arange(9), 0.5, 0.5), lambda: by_group(torch.arange(9), 0.5, 0.5, 0)):
        with pytest.raises(ValueError, match="must leave something to train on"):
            split()
