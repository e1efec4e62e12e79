import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as L
import pytest
from lightning.pytorch.demos.boring_classes import BoringModel

from tuner.own_signals import OwnSignals


class Look(L.Callback):
    """Notes who handles SIGTERM while batches are trained."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_train_batch_start(self, *_: Any) -> None:
        self.seen.append(signal.getsignal(signal.SIGTERM))


@pytest.fixture
def handler() -> Iterator[Any]:
    def own(number: int, frame: Any) -> None:
        """What a sweep does with it."""

    before = signal.signal(signal.SIGTERM, own)
    yield own
    signal.signal(signal.SIGTERM, before)


def fit(folder: Path, *callbacks: L.Callback) -> None:
    L.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        limit_train_batches=2,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=list(callbacks),
    ).fit(BoringModel())


@pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers")
def test_sigterm_stays_with_whoever_handled_it_before_the_training(tmp_path: Path, handler: Any) -> None:
    alone, beside = Look(), Look()
    fit(tmp_path, alone)
    assert handler not in alone.seen  # Lightning's own, without the callback
    fit(tmp_path, OwnSignals(), beside)
    assert beside.seen == [handler, handler]
    assert signal.getsignal(signal.SIGTERM) is handler
