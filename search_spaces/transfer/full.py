"""Everything trained."""

from __future__ import annotations

from search_spaces.transfer._by_depth import ByDepth


class Full(ByDepth):
    """Everything is trained, from the parent's weights, with lower learning rates for earlier layers.

    For much data that is like the parent's, or somewhat like it.
    """
