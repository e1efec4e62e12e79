"""What sizes of images an architecture refuses."""

from __future__ import annotations

from search_spaces.shape import Shape


def require_side(inputs: Shape, least: int, who: str, remedy: str) -> None:
    """Refuse images with a side of fewer than `least` pixels; `inputs` is (channels, height, width)."""
    _, height, width = inputs
    if min(height, width) < least:
        raise ValueError(f"{who} needs images of at least {least} x {least} pixels, got {height} x {width}; {remedy}")
