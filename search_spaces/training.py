"""How training goes, whatever is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from search_spaces.choice import Choice
from search_spaces.dimensions import Among


class Training(Choice):
    """How the training data reaches the network, and what keeps training in bounds."""

    batch_size: Annotated[int, Among(32, 64, 128), Field(ge=1)] = 64
    """Samples a step."""
    accumulate: Annotated[int, Field(ge=1)] = 1
    """Batches whose gradients are added up before the weights change."""
    clip: Annotated[float, Field(ge=0)] = 0.0
    """Largest norm of a step's gradient; longer ones are shortened (Pascanu et al., ICML 2013); 0 is off."""
    l1: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the sum of all weights' absolute values in the loss; L2 is the optimizer's weight_decay."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Stop after so many epochs without a better value of the objective; 0 is off."""
    average: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of an exponential moving average of the weights, which then is what is judged and kept; 0 is off."""
    oversample: bool = False
    """Draw small classes more often, until all are as frequent as the largest."""
    precision: Literal["32", "bf16", "16"] = "32"
    """Bits of the numbers in a step: `bf16` and `16` mix in the shorter ones where they are safe."""
    deterministic: bool = False
    """Refuse operations that are not repeatable on an accelerator."""
