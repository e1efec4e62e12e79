"""Leaving Ray without being ended by it."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import ray


def shut_down() -> None:
    """Shut Ray down, with nothing collected meanwhile and all its processes gone afterwards.

    Tune's objects hold references to Ray's in cycles. When some other thread (the one that tells the tracking
    server, say) collects such a cycle while `ray.shutdown` is at work, Ray ends the whole process with exit code 1
    and no Python exception: "The core worker has already been shutdown ... The process will exit". So the cycles
    are collected before it starts, and none while it lasts.
    """
    with _nothing_collected():
        ray.shutdown(wait_for_processes=True)  # a cluster started next must not meet what is still going down


@contextmanager
def _nothing_collected() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        collect()
        yield
    finally:
        if was_on:
            gc.enable()


class _Sentinel:
    pass


def collect() -> None:
    """Collect all garbage there is now, even while another thread is collecting: `gc.collect` then returns at once."""
    sentinel = _Sentinel()
    sentinel.itself = sentinel  # type: ignore[attr-defined]
    uncollected = weakref.ref(sentinel)
    del sentinel
    gc.collect()
    while uncollected() is not None:
        time.sleep(0.001)
        gc.collect()
