"""MLflow's limits on names, values and batches, kept before it is asked: nothing is refused, nothing cut in silence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tracking.stores.base import Point

NAME = 250
PARAM = 6000
TAG = 8000
_POINTS_A_BATCH = 800  # with 100 params and 100 tags: the 1000 entities that a batch may hold
_TEXTS_A_BATCH = 100
_BYTES_A_BATCH = 800_000  # of one million, the rest being for JSON's own signs


@dataclass(slots=True)
class Batch:
    """What one request may carry."""

    points: list[Point] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def name(text: str) -> str:
    """A name that MLflow takes: its letters only, no empty part between slashes, at most 250 characters."""
    parts = re.sub(r"[^\w\-. :/]", "_", text).split("/")
    clean = "/".join(part for part in parts if part not in ("", ".", "..")) or "_"
    if len(clean) <= NAME:
        return clean
    return f"{clean[: NAME - 9]}-{hashlib.sha256(clean.encode()).hexdigest()[:8]}"


def cut(text: str, limit: int) -> str:
    """The text, or as much of it as fits with a note of how long it was."""
    if len(text) <= limit:
        return text
    mark = f"... [cut, {len(text)} characters in all]"
    return text[: limit - len(mark)] + mark


def params(given: Mapping[str, str]) -> dict[str, str]:
    """Params with names and values that MLflow takes."""
    return {name(key): cut(value, PARAM) for key, value in given.items()}


def tags(given: Mapping[str, str]) -> dict[str, str]:
    """Tags with names and values that MLflow takes."""
    return {name(key): cut(value, TAG) for key, value in given.items()}


def batches(
    points: Sequence[Point], params: Mapping[str, str] | None, tags: Mapping[str, str] | None
) -> Iterator[Batch]:
    """Split what is to be logged into requests within the limits: the texts first, then the points in their order.

    The first request takes texts and points both, so that an ordinary report costs one request.
    """
    texts = list(_text_batches(dict(params or {}), dict(tags or {})))
    chunks = [list(points[start : start + _POINTS_A_BATCH]) for start in range(0, len(points), _POINTS_A_BATCH)]
    yield from texts[:-1]
    last = texts[-1] if texts else Batch()
    for chunk in chunks[:1]:
        last.points = chunk
    if last.points or last.params or last.tags:
        yield last
    for chunk in chunks[1:]:
        yield Batch(points=chunk)


def _text_batches(params: dict[str, str], tags: dict[str, str]) -> Iterator[Batch]:
    batch, size = Batch(), 0
    for kind, given in (("params", params), ("tags", tags)):
        for key, value in given.items():
            weight = len(key.encode()) + len(value.encode())
            if len(getattr(batch, kind)) == _TEXTS_A_BATCH or size + weight > _BYTES_A_BATCH:
                yield batch
                batch, size = Batch(), 0
            getattr(batch, kind)[key] = value
            size += weight
    if batch.params or batch.tags:
        yield batch
