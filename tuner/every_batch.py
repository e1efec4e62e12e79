"""Something to do between the batches of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning.pytorch as L


class EveryBatch(L.Callback):
    """Calls a function after every batch of training and of validation.

    Args:
        meanwhile: Must be quick; what it raises ends the training.
    """

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile

    def on_train_batch_end(self, *given: Any, **named: Any) -> None:
        """A batch was learned from."""
        self._meanwhile()

    def on_validation_batch_end(self, *given: Any, **named: Any) -> None:
        """A batch was judged."""
        self._meanwhile()
