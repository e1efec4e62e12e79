"""A few words of SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

GREY = "#667085"
INK = "#1d2939"


def document(width: float, height: float, parts: Iterable[str], title: str) -> str:
    """A picture on white, one element a line, so that two versions can be compared."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="system-ui, sans-serif" font-size="12" role="img">'
    )
    body = [f"<title>{escape(title)}</title>", f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>', *parts]
    return "\n".join([head, *body, "</svg>"]) + "\n"


def line(begin: tuple[float, float], end: tuple[float, float], colour: str = GREY, width: float = 1) -> str:
    """A straight line."""
    return (
        f'<line x1="{begin[0]:.1f}" y1="{begin[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}" stroke-width="{width:g}"/>'
    )


def path(points: Sequence[tuple[float, float]], colour: str, width: float) -> str:
    """A line through points."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{through}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"/>'
    )


def text(at: tuple[float, float], words: str, *, colour: str = INK, anchor: str = "start", bold: bool = False) -> str:
    """Words; `anchor` says which part of them is at the point: start, middle or end."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def apart(heights: Sequence[float], gap: float, lowest: float) -> list[float]:
    """The same heights, moved so that each is `gap` below the one above it, and none further down than `lowest`."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved = list(heights)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + gap)
    limit = lowest
    for place in reversed(order):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - gap
    return moved
