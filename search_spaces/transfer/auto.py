"""The strategy that data and likeness call for."""

from __future__ import annotations

from typing import Literal

from search_spaces.choice import Transfer


class Auto(Transfer):
    """Another strategy, chosen when the sweep starts by how much data there is and how like the parent's it is.

    Only a sweep's spec says `auto`: its trials have what was chosen, and the ledger says why (`tuner.strategy`). Until
    then, in a preflight, it trains everything.
    """

    similarity: Literal["high", "low", "measured"] = "measured"
    """How like the parent's data the new data is; `measured` finds out (`tuner.similarity`)."""
