"""`transfer: auto`: which strategy new data calls for, by the textbook's table of size and likeness, and why.

                      like the parent's data       unlike it
    under 10,000      feature_extractor            freeze_early with few layers frozen
    10,000 and more   full                         full or scratch, which the search decides

The table is that of Stanford's CS231n notes (Karpathy, "When and how to fine-tune?", 2015), which follow Yosinski et
al. (NIPS 2014). How many layers few are, the search decides too, on the validation part as always.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, cast

from search_spaces.choice import Architecture
from search_spaces.data import Data
from search_spaces.transfer.auto import Auto
from tuner.seeds import seed_of
from tuner.similarity import Similarity, similarity
from tuner.spec import SweepSpec
from tuner.weights import Weights

KEY = "transfer"
"""Under which the ledger notes a decision."""
MANY = 10_000
"""So many training samples are much data."""

FEW_FROZEN = {"freeze_early": {"share": {"low": 0.5, "high": 0.9}}}
"""At least half of the layers are trained."""


@dataclass(frozen=True)
class Decision:
    """What `auto` has chosen.

    Attributes:
        transfer: What stands in the spec in its place.
        samples: How many the training part has.
        similar: Whether they are like the parent's data.
        measured: What that was found by; None if the spec says it.
        seconds: How long measuring took.
    """

    transfer: dict[str, Any]
    samples: int
    similar: bool
    measured: Similarity | None
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """What the ledger notes."""
        return {"strategies": list(self.transfer), "why": self.why, **asdict(self)}

    @property
    def why(self) -> str:
        """The reason, in words."""
        size = f"{self.samples:,} training samples are {'much' if self.samples >= MANY else 'little'} data"
        likeness = f"{'like' if self.similar else 'unlike'} the parent's"
        return f"{size} ({MANY:,} and more would be much), {likeness}: {self.measured or 'the spec says so'}"

    def __str__(self) -> str:
        return f"transfer: auto is {' or '.join(self.transfer)}, as {self.why}"


def decide(spec: SweepSpec, architecture: Architecture, weights: Weights, data: Data) -> Decision:
    """Choose by the table; what is not said of likeness is measured, in seconds, without a glance at the test part."""
    given = _auto(spec).similarity
    measured, since = None, time.monotonic()
    if given == "measured":
        measured = similarity(architecture, weights, data, seed_of(spec.seed, "similarity"))
    similar = measured.high if measured else given == "high"
    table = _by_table(len(data.train), similar, measured)
    return Decision(table, len(data.train), similar, measured, round(time.monotonic() - since, 1))


def is_open(spec: SweepSpec) -> bool:
    """Whether a spec leaves the strategy to be chosen when the sweep starts."""
    return any(branch.kind is Auto for branch in spec.space.slots.get("transfer", ()))


def _auto(spec: SweepSpec) -> Auto:
    [branch] = spec.space.slots["transfer"]
    return cast(Auto, branch.kind(**branch.first()))


def _by_table(samples: int, similar: bool, measured: Similarity | None) -> dict[str, Any]:
    if samples < MANY:
        return {"feature_extractor": {}} if similar else FEW_FROZEN
    if similar:
        return {"full": {}}
    return {"scratch": {}} if measured and measured.none else {"full": {}, "scratch": {}}
