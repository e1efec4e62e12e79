"""Without the parent's weights."""

from __future__ import annotations

from typing import ClassVar

from search_spaces.choice import Transfer


class Scratch(Transfer):
    """Fresh weights throughout: what other strategies must beat, and right where two tasks have nothing in common."""

    inherits: ClassVar[bool] = False
