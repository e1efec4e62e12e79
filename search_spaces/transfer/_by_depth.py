"""What strategies with a lower learning rate for earlier layers have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from search_spaces.choice import Transfer
from search_spaces.dimensions import Between


class ByDepth(Transfer):
    """Discriminative fine-tuning (Howard and Ruder, ACL 2018, section 3.2): the earlier a layer, the lower its rate.

    The paper divides by 2.6 from each of its four groups of layers to the next, so its first group has 2.6 ** -3 = 0.06
    of the head's rate. Here the rate of the first layer is given, and those between lie evenly on a logarithmic scale:
    a deep network would hardly move with a factor a layer.
    """

    lowest: Annotated[float, Between(0.03, 1.0, log=True), Field(gt=0, le=1)] = 0.1
    """The learning rate of the first layer, as a share of the head's."""

    def rate(self, block: int, blocks: int) -> float:
        """From 1 at the head to `lowest` at the first layer."""
        return float(self.lowest ** (block / max(1, blocks - 1)))
