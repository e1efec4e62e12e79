"""Nothing of Ray's is collected while Ray goes down: it would end the process."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
import ray

from tuner.runners import leaving


class Cycle:
    """Garbage that only the collector finds, and that tells when it is."""

    def __init__(self, ends: threading.Event, may_end: threading.Event) -> None:
        self.itself = self
        self.ends = ends
        self.may_end = may_end

    def __del__(self) -> None:
        self.ends.set()
        self.may_end.wait(timeout=30)


@pytest.fixture
def collecting() -> Iterator[threading.Event]:
    """Another thread in the middle of a collection, until the event is set."""
    begun, may_end = threading.Event(), threading.Event()
    gc.disable()
    Cycle(begun, may_end)
    thread = threading.Thread(target=gc.collect)
    thread.start()
    assert begun.wait(timeout=30)
    yield may_end
    may_end.set()
    thread.join()
    gc.enable()


def test_garbage_is_collected_only_after_a_collection_under_way_has_ended(collecting: threading.Event) -> None:
    gone, at_once = threading.Event(), threading.Event()
    at_once.set()
    Cycle(gone, at_once)
    waiting = threading.Thread(target=leaving.collect)
    waiting.start()
    waiting.join(timeout=0.2)
    assert waiting.is_alive() and not gone.is_set()
    collecting.set()
    waiting.join(timeout=30)
    assert not waiting.is_alive() and gone.is_set()


def test_nothing_is_collected_while_ray_shuts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    on: list[bool] = []
    monkeypatch.setattr(ray, "shutdown", lambda **_: on.append(gc.isenabled()))
    leaving.shut_down()
    assert on == [False]
    assert gc.isenabled()
