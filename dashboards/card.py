"""What a report hands back: a card that answers its question, or the reason why there is none yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class MissingExtra(Exception):  # noqa: N818 - named after what is missing
    """An optional package is needed and not installed."""


@dataclass(frozen=True, slots=True)
class Card:
    """An answer: the question, its picture, the numbers behind the picture, and one sentence on what they say."""

    question: str
    figure: go.Figure
    table: pd.DataFrame
    caption: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """No answer yet, and why; `reason` goes on from "Not yet, because"."""

    question: str
    reason: str
