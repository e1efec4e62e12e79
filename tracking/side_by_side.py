"""One thing done for many items by a few threads at once, of which none keeps the process from ending."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")


def side_by_side(act: Callable[[Item], None], items: Sequence[Item], at_once: int) -> None:
    """Act on every item, on up to `at_once` of them at the same time; in their order with one.

    After a first error no other item is begun, those under way are waited for, and the error is raised. Unlike those of
    a `ThreadPoolExecutor`, the threads are daemons: a process that ends meanwhile does not go through what is left.
    """
    if min(at_once, len(items)) <= 1:
        for item in items:
            act(item)
        return
    errors: list[BaseException] = []
    left: SimpleQueue[Item] = SimpleQueue()
    for item in items:
        left.put(item)

    def work() -> None:
        try:
            for item in _taken(left):
                if errors:
                    return
                act(item)
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)

    run = contextvars.copy_context
    threads = [threading.Thread(target=run().run, args=(work,), daemon=True) for _ in range(min(at_once, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _taken(left: SimpleQueue[Item]) -> Iterator[Item]:
    while True:
        try:
            yield left.get_nowait()
        except Empty:
            return
