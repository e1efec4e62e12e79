import lightning.pytorch as L
import pytest
import torch
from torch import Tensor

from search_spaces.data import Part
from tuner.batches import Batches


def part(count: int) -> Part:
    """Samples that are their own numbers."""
    return Part(torch.arange(count, dtype=torch.float32).unsqueeze(1), torch.arange(count))


def order(batches: Batches) -> list[int]:
    return [number for _, y in batches for number in y.tolist()]


def sizes(batches: Batches) -> list[int]:
    return [len(y) for _, y in batches]


def test_each_epoch_is_another_permutation() -> None:
    batches = Batches(part(10), 4, seed=0)
    first = order(batches)
    batches.set_epoch(1)
    second = order(batches)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != list(range(10))


def test_samples_keep_their_targets() -> None:
    for x, y in Batches(part(10), 4, seed=0):
        assert x.flatten().tolist() == y.tolist()


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    def of(seed: int, epoch: int, noise: int) -> list[int]:
        torch.manual_seed(noise)
        batches = Batches(part(20), 4, seed=seed)
        batches.set_epoch(epoch)
        return order(batches)

    assert of(3, 5, noise=1) == of(3, 5, noise=2)
    assert of(3, 5, noise=1) != of(3, 6, noise=1)
    assert of(3, 5, noise=1) != of(4, 5, noise=1)


def test_without_a_seed_the_order_is_the_parts_own() -> None:
    batches = Batches(part(5), 2)
    batches.set_epoch(3)
    assert order(batches) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("count", "size", "training", "judging"),
    [
        (8, 4, [4, 4], [4, 4]),
        (10, 4, [4, 4, 2], [4, 4, 2]),
        (9, 4, [4, 4], [4, 4, 1]),  # batch norm cannot train on one sample
        (3, 4, [3], [3]),
        (1, 4, [1], [1]),  # there is nothing else
        (3, 1, [1, 1, 1], [1, 1, 1]),
    ],
)
def test_a_last_batch_of_one_is_left_out_in_training_only(
    count: int, size: int, training: list[int], judging: list[int]
) -> None:
    shuffled, plain = Batches(part(count), size, seed=0), Batches(part(count), size)
    assert sizes(shuffled) == training
    assert len(shuffled) == len(training)
    assert sizes(plain) == judging
    assert len(plain) == len(judging)


class Listener(L.LightningModule):
    """Keeps the order of the samples it is shown, an epoch a list."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[list[int]] = []

    def on_train_epoch_start(self) -> None:
        self.seen.append([])

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        self.seen[-1] += batch[1].tolist()
        return (self.weight * batch[0]).sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_lightning_tells_them_the_epoch(tmp_path: object) -> None:
    module = Listener()
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(max_epochs=2, accelerator="cpu", enable_checkpointing=False, **quiet)
    trainer.fit(module, Batches(part(10), 4, seed=7))
    expected = []
    for epoch in range(2):
        batches = Batches(part(10), 4, seed=7)
        batches.set_epoch(epoch)
        expected.append(order(batches))
    assert module.seen == expected
