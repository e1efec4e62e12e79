"""The parent as it is, with a new head."""

from __future__ import annotations

from search_spaces.choice import Transfer


class FeatureExtractor(Transfer):
    """Only the new head is trained; all that the parent has learned stays as it is.

    For little data that is like the parent's: there is little to overfit with (Yosinski et al., NIPS 2014, section 4).
    """

    def opened(self, blocks: int, epoch: int, epochs: int) -> int:
        """The head."""
        return 1
