"""A training leaves SIGTERM to the sweep."""

from __future__ import annotations

import signal
import threading

import lightning.pytorch as L


class OwnSignals(L.Callback):
    """Puts back whoever handled SIGTERM before the training began.

    Lightning installs a handler of its own that ends the process in the middle of an epoch; a sweep that trains in this
    process lets the epoch end first.
    """

    def __init__(self) -> None:
        self._before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """After Lightning has installed its own."""
        self._put_back()

    def on_test_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """The same before the test."""
        self._put_back()

    def _put_back(self) -> None:
        if threading.current_thread() is threading.main_thread():  # no other thread may, and none was asked
            signal.signal(signal.SIGTERM, self._before)
