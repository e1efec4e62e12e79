"""How training goes, whatever is trained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from search_spaces.choice import Choice
from search_spaces.dimensions import Among


class Training(Choice):
    """How the training data reaches the network."""

    batch_size: Annotated[int, Among(32, 64, 128), Field(ge=1)] = 64
    """Samples a step."""
